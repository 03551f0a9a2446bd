import { defineCheck } from "@/automate/checks/define";
import { bucketScope, listGoogleBucket } from "@/automate/checks/google-bucket";
import { fetchGoogleToken } from "@/automate/checks/google-token";
import { loadHttp } from "@/automate/checks/http";
import { gcs } from "@/lib/connectors/gcs";

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
