import { expect, test } from "vitest";
import { probe } from "@/testing/peers/schemathesis";
import { startTokenServer } from "@/testing/servers/token-server";
import { startVaultDialect } from "@/testing/vault-dialect";

const names = `
[dictionaries]
secrets = { values = ["warehouse", "ca", "basic", "crm", "none"] }
clients = { values = ["crm", "warehouse", "none"] }
connections = { values = ["orders", "none"] }
[[operations]]
include-path = "/v1/secrets/{name}"
parameters = { "path.name" = { dictionary = "secrets" } }
[[operations]]
include-path = "/v1/secrets:batch"
parameters = { "body.names[*]" = { dictionary = "secrets" } }
[[operations]]
include-path = "/v1/secrets/{name}/token"
parameters = { "path.name" = { dictionary = "clients" } }
[[operations]]
include-path = "/v1/connections/{name}"
parameters = { "path.name" = { dictionary = "connections" } }
`;

test("the runtime API is as its document says", async () => {
  process.env.RUNTIME_RATE_PER_MINUTE = "1000000";
  process.env.EGRESS_ALLOW = "127.0.0.0/8";
  const client = { clientId: "crm", clientSecret: "s" };
  const tokens = await startTokenServer({ client });
  const dialect = await startVaultDialect([
    { id: "warehouse", subKind: "text", fields: { value: "open sesame" } },
    { id: "ca", subKind: "binary", metadata: { fileName: "ca.der" }, fields: { value: "certificate" } },
    { id: "basic", subKind: "username_password", fields: { username: "svc", password: "p w" } },
    {
      id: "crm",
      subKind: "m2m_oauth",
      metadata: { authHost: `127.0.0.1:${tokens.port}` },
      fields: { ...client, authUrl: tokens.authUrl },
    },
  ]);
  await dialect.addConnection("orders", "warehouse");
  await dialect.allow("warehouse");
  const { url, token } = dialect;
  const header = `Authorization: Bearer ${token}`;
  const report = await probe(`${url}/v1/openapi.json`, { url, header, config: names });
  await dialect.close();
  await tokens.close();
  expect(report).toMatch(/\d+ generated, (\d+) passed/);
}, 600_000);
