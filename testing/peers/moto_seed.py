"""Makes the buckets and users of moto.test.ts. moto demands valid keys after the given number of requests."""

import json
import sys

import boto3

ca, endpoint = sys.argv[1:]
common = {"region_name": "us-east-1", "endpoint_url": endpoint, "verify": ca}
common |= {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
iam = boto3.client("iam", **common)
s3 = boto3.client("s3", **common)


def key_of(user, actions):
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


s3.create_bucket(Bucket="my-bucket")
s3.put_object(Bucket="my-bucket", Key="sales/2026 ä+.csv", Body=b"x")
keys = {
    "reader": key_of("reader", ["s3:ListBucket", "s3:GetObject"]),
    "lister": key_of("lister", ["s3:ListBucket"]),
    "nobody": key_of("nobody", ["sqs:ListQueues"]),
}
print(json.dumps(keys))
