import { type FieldMeta, secretRef } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { textField } from "@/lib/connectors/fields";

export const serviceAccountKey = secretRef("text", {
  title: "Service account key",
  help: "The whole JSON file of the key, as text.",
});

const projectMeta = { title: "Project ID", placeholder: "my-project-123" };

/** A project's ID. Old projects within a domain have that domain as a prefix. */
export const projectField = textField(128, projectMeta)
  .regex(
    /^(?:[a-z0-9.-]+\.[a-z]{2,63}:)?[a-z][a-z0-9-]{4,61}[a-z0-9]$/,
    "Enter the project ID: lower-case letters, digits and dashes, such as my-project-123.",
  )
  .meta(projectMeta);

/** The name of a bucket of Google Cloud Storage. */
export function googleBucketField(meta: Pick<FieldMeta, "title" | "placeholder" | "help">) {
  return textField(222, meta)
    .regex(
      /^[a-z0-9][a-z0-9._-]*[a-z0-9]$/,
      "Enter the bucket’s name only: lower-case letters, digits, dashes, dots and underscores, without gs://.",
    )
    .min(3, "A bucket’s name has at least 3 characters.")
    .meta(meta);
}

export const googleCredentialPage = "https://cloud.google.com/iam/docs/keys-create-delete";

/**
 * The sign-in server of service accounts. Selvage ignores the address in the key file, which could point to
 * an attacker's server.
 */
export const googleSignIn = provedAt(
  httpsDestination("oauth2.googleapis.com", "serviceAccountKey", ["serviceAccountKey"]),
);
