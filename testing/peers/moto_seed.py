"""Makes the buckets and users of moto.test.ts."""

import json
import sys

from moto_users import clients, key_of

ca, endpoint = sys.argv[1:]
iam, s3 = clients(["s3"], region_name="us-east-1", endpoint_url=endpoint, verify=ca)
s3.create_bucket(Bucket="my-bucket")
s3.put_object(Bucket="my-bucket", Key="sales/2026 ä+.csv", Body=b"x")
keys = {
    "reader": key_of(iam, "reader", ["s3:ListBucket", "s3:GetObject"]),
    "lister": key_of(iam, "lister", ["s3:ListBucket"]),
    "nobody": key_of(iam, "nobody", ["sqs:ListQueues"]),
}
print(json.dumps(keys))
