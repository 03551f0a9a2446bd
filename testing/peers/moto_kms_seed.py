"""Makes the keys and users of moto-kms.test.ts."""

import json
import sys

from moto_users import clients, key_of

(endpoint,) = sys.argv[1:]
iam, kms = clients(["kms"], region_name="eu-central-1", endpoint_url=endpoint)
arns = [kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("main", "other")]
# The least rights of docs/kms.md, but for every key: moto does not compare the resource.
least = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]
print(
    json.dumps(
        {
            "arns": arns,
            "automate": key_of(iam, "automate", least),
            "nobody": key_of(iam, "nobody", ["sqs:ListQueues"]),
            "operator": key_of(iam, "operator", ["kms:*"]),
        }
    )
)
