import * as z from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { kgConfig, textField } from "@/lib/connectors/fields";

const regionMeta = { title: "Region", placeholder: "us-east-1" };
const bucketMeta = { title: "Bucket name", placeholder: "my-bucket" };
const keyMeta = { title: "Access key ID", placeholder: "AKIAIOSFODNN7EXAMPLE" };

/** Bucket names that use another address than `s3.<region>`, and IP addresses, which are not valid names. */
const specialName = /^(xn--|sthree-)|(--x-s3|--table-s3|\.mrap|--ol-s3)$|^\d+(\.\d+){3}$/;

/** Amazon S3, with an access key. */
export const s3 = defineConnector({
  kind: "s3",
  name: "Amazon S3",
  description: "Files in a bucket of AWS",
  group: "files",
  keywords: "amazon blob object storage csv parquet minio",
  rights: "s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on its objects.",
  credentialPage: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
  fields: z.object({
    region: textField(32, regionMeta)
      .regex(
        /^(?:[a-z]{2}|eusc)(?!-iso)(?:-[a-z]+){1,2}-\d{1,2}$/,
        "Enter the region’s code, such as us-east-1.",
      )
      .meta(regionMeta),
    bucketName: textField(63, bucketMeta)
      .regex(
        /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "Enter the bucket’s name only: 3 to 63 lower-case letters, digits, dots and dashes.",
      )
      .refine((name) => !specialName.test(name), "Enter the name of a general purpose bucket.")
      .meta(bucketMeta),
    accessKeyID: textField(128, keyMeta)
      .regex(/^\w{16,128}$/, "Enter the ID of an access key: 20 letters and digits, such as AKIA….")
      .meta(keyMeta),
    secretAccessKey: secretRef("text", { title: "Secret access key" }),
    kgConfig,
  }),
  destinations: ({ region, bucketName }) => [
    provedAt(httpsDestination(bucketHost(region, bucketName), "region", ["secretAccessKey"])),
  ],
});

/**
 * A bucket's host (docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html). A name with dots uses
 * the region's host, because no wildcard certificate covers it.
 */
function bucketHost(region: string, bucketName: string): string {
  return bucketName.includes(".") ? s3Service(region) : `${bucketName}.${s3Service(region)}`;
}

/** A region's host, by docs.aws.amazon.com/general/latest/gr/s3.html. */
export function s3Service(region: string): string {
  if (region.startsWith("cn-")) return `s3.${region}.amazonaws.com.cn`;
  return `s3.${region}.${region.startsWith("eusc-") ? "amazonaws.eu" : "amazonaws.com"}`;
}
