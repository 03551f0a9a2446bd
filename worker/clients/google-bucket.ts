import { refuseGoogleFault } from "@/worker/clients/google-fault";
import { createServiceClient } from "@/worker/clients/service-client";

/** The scope for listing a bucket. The account's roles decide the rest. */
export const bucketScope = "https://www.googleapis.com/auth/devstorage.read_only";

/** Lists at most one object of a bucket (Objects: list), without its name. */
export async function listGoogleBucket(token: string, bucketName: string): Promise<void> {
  const call = await createServiceClient("bucketName", token);
  const objects = `https://storage.googleapis.com/storage/v1/b/${encodeURIComponent(bucketName)}/o`;
  refuseGoogleFault(await call(`${objects}?maxResults=1&fields=kind`), "storage#objects", {
    field: "bucketName",
    missing: "bucket_not_found",
  });
}
