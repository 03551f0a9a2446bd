"""Makes the keys and users of moto-kms.test.ts. moto demands valid keys after the given number of requests."""

import json
import sys

import boto3

(endpoint,) = sys.argv[1:]
common = {"region_name": "eu-central-1", "endpoint_url": endpoint}
common |= {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
iam = boto3.client("iam", **common)
kms = boto3.client("kms", **common)


def key_of(user, actions):
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


arns = [kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("main", "other")]
# The least rights of docs/kms.md, but for every key: moto does not compare the resource.
least = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]
print(
    json.dumps(
        {
            "arns": arns,
            "automate": key_of("automate", least),
            "nobody": key_of("nobody", ["sqs:ListQueues"]),
            "operator": key_of("operator", ["kms:*"]),
        }
    )
)
