import * as z from "zod";
import { defineConnector } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { passedThroughField } from "@/lib/connectors/fields";
import {
  googleBucketField,
  googleCredentialPage,
  googleSignIn,
  projectField,
  serviceAccountKey,
} from "@/lib/connectors/kinds/google-fields";

/** A bucket of Google Cloud Storage, signed in as a service account. */
export const gcs = defineConnector({
  kind: "GCS",
  name: "Google Cloud Storage",
  description: "Files in a bucket of Google Cloud",
  group: "files",
  keywords: "gcp blob object storage csv parquet",
  rights: "storage.objects.list, get and create on the bucket, as in the role Storage Object User.",
  credentialPage: googleCredentialPage,
  fields: z.object({
    bucketName: googleBucketField({ title: "Bucket name", placeholder: "my-bucket" }),
    serviceAccountKey,
    projectId: passedThroughField(projectField, "Project ID"),
  }),
  destinations: () => [
    googleSignIn,
    provedAt(httpsDestination("storage.googleapis.com", "bucketName", ["serviceAccountKey"])),
  ],
});
