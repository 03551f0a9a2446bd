import { z } from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsPlace, provedAt } from "@/lib/connectors/destination";
import { kgConfig, textField } from "@/lib/connectors/fields";

const regionWords = { title: "Region", placeholder: "us-east-1" };
const bucketWords = { title: "Bucket name", placeholder: "my-bucket" };
const keyWords = { title: "Access key ID", placeholder: "AKIAIOSFODNN7EXAMPLE" };

/** Bucket names that use another address than `s3.<region>`, and IP addresses, which are not valid names. */
const isElsewhere = /^(xn--|sthree-)|(--x-s3|--table-s3|\.mrap|--ol-s3)$|^\d+(\.\d+){3}$/;

/** Amazon S3, with an access key. */
export const s3 = defineConnector({
  kind: "s3",
  name: "Amazon S3",
  description: "Files in a bucket of AWS",
  group: "files",
  rights: "s3:ListBucket on the bucket, s3:GetObject and s3:PutObject on what is in it.",
  credentialPage: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
  fields: z.object({
    region: textField(32, regionWords)
      .regex(
        /^(?:[a-z]{2}|eusc)(?!-iso)(?:-[a-z]+){1,2}-\d{1,2}$/,
        "Enter the region's code, such as us-east-1.",
      )
      .meta(regionWords),
    bucketName: textField(63, bucketWords)
      .regex(
        /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "Enter the bucket's name only: 3 to 63 lower-case letters, digits, dots and dashes.",
      )
      .refine((name) => !isElsewhere.test(name), "This is the name of no general purpose bucket.")
      .meta(bucketWords),
    accessKeyID: textField(128, keyWords)
      .regex(/^\w{16,128}$/, "Enter the ID of an access key: 20 letters and digits, such as AKIA….")
      .meta(keyWords),
    secretAccessKey: secretRef("text", { title: "Secret access key" }),
    kgConfig,
  }),
  destinations: ({ region, bucketName }) => [
    provedAt(httpsPlace(bucketHost(region, bucketName), "region", ["secretAccessKey"])),
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
