import { defineCheck } from "@/automate/checks/define";
import { bucketScope, listGoogleBucket } from "@/automate/checks/google-bucket";
import { fetchGoogleToken } from "@/automate/checks/google-token";
import { rehearseHttp } from "@/automate/checks/rehearsal";
import { gcs } from "@/lib/connectors/gcs";

/** Signs in and lists at most one object of the bucket. */
export const checkGcs = defineCheck(gcs, {
  preload: () => Promise.all([rehearseHttp(), import("jose")]),

  async run({ serviceAccountKey, bucketName }, { begin }) {
    const token = await fetchGoogleToken(serviceAccountKey, [bucketScope]);
    begin("permission");
    await listGoogleBucket(token, bucketName);
    return {};
  },
  explain: () => null,
});
