import { gcs } from "@/lib/connectors/kinds/gcs";
import { defineCheck } from "@/worker/check";
import { bucketScope, listGoogleBucket } from "@/worker/clients/google-bucket";
import { fetchGoogleToken } from "@/worker/clients/google-token";
import { loadUndici } from "@/worker/clients/undici";

/** Signs in and lists at most one object of the bucket. */
export const checkGcs = defineCheck(gcs, {
  preload: () => Promise.all([loadUndici(), import("jose")]),

  async run({ serviceAccountKey, bucketName }, { begin }) {
    const token = await fetchGoogleToken(serviceAccountKey, [bucketScope]);
    begin("permission");
    await listGoogleBucket(token, bucketName);
    return {};
  },
  explain: () => null,
});
