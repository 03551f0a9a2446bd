"""Runs Airflow's VaultBackend, as Airflow does, and writes what each operation returned as JSON into PEER_ANSWER."""

import json
import os
import tempfile

from airflow.providers.hashicorp.secrets.vault import VaultBackend

address, token = os.environ["VAULT_ADDR"], os.environ["VAULT_TOKEN"]
fabric, mount, jwt = (os.environ[name] for name in ("PEER_FABRIC", "PEER_MOUNT", "PEER_JWT"))


def variable(**auth):
    return {"value": backend(**auth).get_variable("warehouse")}


def backend(**auth):
    return VaultBackend(url=address, mount_point=mount, kv_engine_version=2, **auth)


own = backend(auth_type="token", token=token)
connection = own.get_connection("orders")
# Airflow writes a URI of its own for a connection, so compare what it understood.
understood = (connection.conn_type, connection.host, connection.port, connection.schema)
assert understood == ("postgres", "db.example.com", 5432, "sales"), understood
assert (connection.login, connection.password) == ("svc", "open sesame")
assert connection.extra_dejson == {"sslmode": "verify-full"}, connection.extra_dejson
with tempfile.NamedTemporaryFile("w") as pod:
    pod.write(jwt)
    pod.flush()
    answers = {
        "token": variable(auth_type="token", token=token),
        "approle": variable(auth_type="approle", role_id=fabric, secret_id=token),
        "jwt": variable(auth_type="jwt", jwt_role=fabric, jwt_token=jwt),
        "kubernetes": variable(
            auth_type="kubernetes", kubernetes_role=fabric, kubernetes_jwt_path=pod.name
        ),
        "connection": {"conn_uri": own.get_conn_value("orders")},
        "missing": "not found" if own.get_connection("none") is None else "found",
    }
with open(os.environ["PEER_ANSWER"], "w") as answer:
    json.dump(answers, answer)
