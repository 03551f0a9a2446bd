import type { Authority } from "@/launcher/certificates.mjs";
import type { Example } from "@/testing/connection-examples/define";
import { createServiceAccount, type GoogleOptions, startGoogleServer } from "@/testing/servers/google-server";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const account = createServiceAccount();

const warehouseScope = "https://www.googleapis.com/auth/bigquery";
const storageScope = "https://www.googleapis.com/auth/devstorage.read_only";
export const project = "bigquery.googleapis.com/bigquery/v2/projects/my-project-123";
export const queries = `POST ${project}/queries`;
export const dataset = `GET ${project}/datasets/sales`;
export const objects = "GET storage.googleapis.com/storage/v1/b/my-staging-bucket/o?maxResults=1&fields=kind";

/** One of Google's services, with the documented answers to a check's requests. */
export type GoogleService = {
  properties: Record<string, string>;
  scope: string;
  good: Record<string, ServiceReply>;
  endpoints: readonly string[];
};

/** cloud.google.com/storage/docs/json_api/v1/objects/list */
export const bucket: GoogleService = {
  properties: { bucketName: "my-staging-bucket" },
  scope: storageScope,
  good: { [objects]: { status: 200, body: { kind: "storage#objects" } } },
  endpoints: ["oauth2.googleapis.com:443", "storage.googleapis.com:443"],
};

/**
 * cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query and …/datasets/get, with a bucket for its
 * files.
 */
export const warehouse: GoogleService = {
  properties: { projectId: "my-project-123", dataset: "sales", bucketName: "my-staging-bucket" },
  scope: `${warehouseScope} ${storageScope}`,
  good: {
    [queries]: {
      status: 200,
      body: {
        kind: "bigquery#queryResponse",
        schema: { fields: [{ name: "f0_", type: "INTEGER", mode: "NULLABLE" }] },
        jobReference: { projectId: "my-project-123", location: "US" },
        totalBytesProcessed: "0",
        jobComplete: true,
        cacheHit: false,
      },
    },
    [dataset]: {
      status: 200,
      body: {
        kind: "bigquery#dataset",
        etag: "hJ0bq1bHy0S5FqkCeWT0gA==",
        id: "my-project-123:sales",
        datasetReference: { datasetId: "sales", projectId: "my-project-123" },
        location: "US",
      },
    },
    ...bucket.good,
  },
  endpoints: ["oauth2.googleapis.com:443", "bigquery.googleapis.com:443", "storage.googleapis.com:443"],
};

/** Starts the service and Google's token endpoint. */
export function startService(
  authority: Authority,
  { scope, good }: GoogleService,
  changes: Partial<GoogleOptions> = {},
) {
  return startGoogleServer({ authority, account, scope, replies: good, ...changes });
}

/** The service as an example of its kind. */
export function googleExample(service: GoogleService): Example {
  return {
    properties: service.properties,
    secrets: { serviceAccountKey: account.keyFile },
    endpoints: service.endpoints,
    transport: "https",
    start: (authority) => startService(authority, service),
  };
}
