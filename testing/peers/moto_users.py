"""Makes the users of a moto server, which demands valid keys after the given number of requests."""

import json

import boto3


def clients(services, **common):
    common |= {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    return [boto3.client(service, **common) for service in ("iam", *services)]


def key_of(iam, user, actions):
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
