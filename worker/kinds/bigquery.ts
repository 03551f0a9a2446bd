import { bigquery } from "@/lib/connectors/kinds/bigquery";
import { defineCheck } from "@/worker/check";
import { bucketScope, listGoogleBucket } from "@/worker/clients/google-bucket";
import { refuseGoogleFault } from "@/worker/clients/google-fault";
import { fetchGoogleToken } from "@/worker/clients/google-token";
import { requireProperty } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

const scope = "https://www.googleapis.com/auth/bigquery";

/** Plans a query, which costs nothing and proves the right to run jobs. Then reads the dataset's description. */
export const checkBigquery = defineCheck(bigquery, {
  preload: () => Promise.all([loadUndici(), import("jose")]),

  async run({ projectId, dataset, serviceAccountKey, bucketName }, { begin }) {
    const key = requireProperty(serviceAccountKey, "serviceAccountKey");
    const token = await fetchGoogleToken(key, bucketName === undefined ? [scope] : [scope, bucketScope]);
    begin("permission");
    const call = await createServiceClient("projectId", token);
    const project = `https://bigquery.googleapis.com/bigquery/v2/projects/${encodeURIComponent(projectId)}`;
    const planned = await call(`${project}/queries`, {
      method: "POST",
      body: JSON.stringify({ query: "SELECT 1", useLegacySql: false, dryRun: true }),
    });
    refuseGoogleFault(planned, "bigquery#queryResponse", {
      field: "projectId",
      missing: "project_not_found",
    });
    const answer = await call(`${project}/datasets/${encodeURIComponent(dataset)}`);
    refuseGoogleFault(answer, "bigquery#dataset", { field: "dataset", missing: "dataset_not_found" });
    if (bucketName !== undefined) await listGoogleBucket(token, bucketName);
    return {};
  },
  explain: () => null,
});
