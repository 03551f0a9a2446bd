"""Runs hvac, as its documentation shows it, and prints what each operation returned as JSON."""

import json
import os

import hvac
from hvac import exceptions

address, token = os.environ["VAULT_ADDR"], os.environ["VAULT_TOKEN"]
fabric, mount, jwt = (os.environ[name] for name in ("PEER_FABRIC", "PEER_MOUNT", "PEER_JWT"))


def client(token=None):
    return hvac.Client(url=address, token=token)


def read(client, path, **more):
    kv = client.secrets.kv.v2
    answer = kv.read_secret_version(path=path, mount_point=mount, raise_on_deleted_version=True, **more)
    return answer["data"]["data"]


def error_of(work):
    try:
        work()
    except exceptions.InvalidPath:
        return "not found"
    except exceptions.Forbidden:
        return "permission denied"
    except exceptions.InvalidRequest:
        return "refused"
    return "no error"


anybody = client(token="")
state = {"initialized": anybody.sys.is_initialized(), "sealed": anybody.sys.is_sealed()}

by_role, workload, pod = client(token=""), client(token=""), client(token="")
by_role.auth.approle.login(role_id=fabric, secret_id=token)
workload.auth.jwt.jwt_login(role=fabric, jwt=jwt)
pod.auth.kubernetes.login(role=fabric, jwt=jwt)

own = client(token)
kv = own.secrets.kv.v2
path = f"{mount}/data/warehouse"
print(
    json.dumps(
        {
            "state": state,
            "leader": anybody.sys.read_leader_status()["ha_enabled"],
            "token": read(own, "warehouse"),
            "approle": read(by_role, "warehouse"),
            "jwt": read(workload, "warehouse"),
            "kubernetes": read(pod, "warehouse"),
            "types": [read(own, name) for name in ("warehouse", "ca", "crm_basic", "crm_oauth")],
            "version": read(own, "rotated", version=2),
            "metadata": kv.read_secret_metadata(path="rotated", mount_point=mount)["data"]["current_version"],
            "list": kv.list_secrets(path="", mount_point=mount)["data"]["keys"],
            "list by list=": own.list(f"{mount}/metadata")["data"]["keys"],
            "folder": kv.list_secrets(path="variables", mount_point=mount)["data"]["keys"],
            "connection": read(own, "connections/orders"),
            "lookup": own.auth.token.lookup_self()["data"]["display_name"],
            "capabilities": own.sys.get_capabilities(paths=[path])["capabilities"],
            "mount": own.sys.read_mount_configuration(path=mount)["data"]["options"]["version"],
            "missing": error_of(lambda: read(own, "none")),
            "wrong token": error_of(lambda: read(client("svp_x"), "warehouse")),
            "write": error_of(lambda: kv.create_or_update_secret("warehouse", {"value": "x"}, mount_point=mount)),
            "new token": error_of(lambda: own.auth.token.create()),
            "wrapping": error_of(lambda: own.read(path, wrap_ttl="60s")),
        }
    )
)
