import { gcs } from "@/lib/connectors/kinds/gcs";
import { defineCheck } from "@/worker/check";
import { bucketScope, listGoogleBucket } from "@/worker/clients/google-bucket";
import { fetchGoogleToken } from "@/worker/clients/google-token";
import { loadHttp } from "@/worker/clients/http";

/** Signs in and lists at most one object of the bucket. */
export const checkGcs = defineCheck(gcs, {
  preload: () => Promise.all([loadHttp(), import("jose")]),

  async run({ serviceAccountKey, bucketName }, { begin }) {
    const token = await fetchGoogleToken(serviceAccountKey, [bucketScope]);
    begin("permission");
    await listGoogleBucket(token, bucketName);
    return {};
  },
  explain: () => null,
});
