import * as z from "zod";
import { defineConnector, optional, when } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { choiceField, nameField, passedThroughField, textField } from "@/lib/connectors/fields";
import {
  googleBucketField,
  googleCredentialPage,
  googleSignIn,
  projectField,
  serviceAccountKey,
} from "@/lib/connectors/kinds/google-fields";

const datasetMeta = { title: "Dataset", placeholder: "sales" };

/** A dataset of Google BigQuery, signed in as a service account. */
export const bigquery = defineConnector({
  kind: "bigquery",
  name: "BigQuery",
  description: "Tables in a Google BigQuery dataset",
  group: "warehouse",
  keywords: "bq gcp",
  isWarehouse: true,
  rights: "BigQuery Job User on the project, and BigQuery Data Owner on the dataset.",
  credentialPage: googleCredentialPage,
  fields: z.object({
    authType: choiceField({ private_key: "Private key" }, "private_key", {
      title: "Authentication method",
      unavailable: { oauth: "OAuth (not available yet)" },
      instead: "A connection signs in without a person: use private_key with a service account key.",
    }),
    projectId: projectField,
    dataset: textField(1024, datasetMeta)
      .regex(/^[A-Za-z0-9_]+$/, "Enter the dataset’s name only: letters, digits and underscores.")
      .meta(datasetMeta),
    serviceAccountKey: when({ authType: "private_key" }, serviceAccountKey),
    oAuthAppRegistrationID: passedThroughField(
      nameField(128, { title: "App registration" }),
      "App registration",
    ),
    bucketName: optional(
      googleBucketField({
        title: "Bucket name",
        placeholder: "my-staging-bucket",
        help: "A Cloud Storage bucket for faster writes.",
      }),
    ),
  }),
  destinations: ({ bucketName }) => {
    const secretFields = ["serviceAccountKey"];
    const warehouse = provedAt(httpsDestination("bigquery.googleapis.com", "projectId", secretFields));
    const storage = provedAt(httpsDestination("storage.googleapis.com", "bucketName", secretFields));
    return bucketName === undefined ? [googleSignIn, warehouse] : [googleSignIn, warehouse, storage];
  },
});
