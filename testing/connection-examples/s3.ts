import type { Example } from "@/testing/connection-examples/define";
import { exampleKey, startS3Server } from "@/testing/servers/s3-server";

export const example: Example = {
  properties: { region: "us-east-1", bucketName: "my-bucket", accessKeyID: exampleKey.id },
  secrets: { secretAccessKey: exampleKey.secret },
  endpoints: ["my-bucket.s3.us-east-1.amazonaws.com:443"],
  transport: "https",
  start: (authority) => startS3Server({ authority, buckets: { "my-bucket": ["sales.csv"] } }),
};
