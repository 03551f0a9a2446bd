import type { FastifyInstance } from "fastify";
import nodeVault from "node-vault";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createVaultApp } from "@/automate/app";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let { fabric, mount, token, close, url: runtimeUrl } = {} as VaultDialect;
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  const fields = { value: "open sesame" };
  const dialect = await startVaultDialect([
    { id: "warehouse", subKind: "text", fields },
    { id: "key", name: "1", subKind: "text", fields: { value: "0a1b" } },
  ]);
  ({ fabric, mount, token, close, url: runtimeUrl } = dialect);
  app = createVaultApp({ keys: fabric.keys, logger: false });
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});

afterAll(async () => {
  await app.close();
  await close();
});

test("a port of its own serves the dialect under plain /v1, also LIST and repeated slashes", async () => {
  for (const endpoint of [url, `${url}/`]) {
    const client = nodeVault({ endpoint, token });
    expect((await client.read(`${mount}/data/warehouse`)).data.data).toEqual({ value: "open sesame" });
    expect((await client.list(`${mount}/metadata`)).data.keys).toEqual(["1", "warehouse"]);
  }
  const malformed = await fetch(`${url}/v1/%ff`);
  expect([malformed.status, malformed.headers.get("content-type"), await malformed.json()]).toEqual([
    400,
    "application/json",
    { errors: ["malformed request"] },
  ]);
});

test("MariaDB finds the member that it reads, only in a Text secret whose name is a number", async () => {
  const client = nodeVault({ endpoint: url, token });
  const answer = await client.read(`${mount}/data/1?version=1`);
  expect(answer.data.data).toEqual({ value: "0a1b", data: "0a1b" });
  expect(answer.data.metadata.version).toBe(1);
});

test("it answers 404 to requests of the other APIs, and the runtime's port to its own", async () => {
  const statusOf = async (address: string, method = "GET") => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(address, { method, headers })).status;
  };
  for (const path of [
    "/v1/secrets/warehouse",
    "/v1/secrets/warehouse/token",
    "/v1/connections/warehouse",
    "/v1/whoami",
    "/vault/v1/sys/health",
  ])
    expect([path, await statusOf(`${url}${path}`)]).toEqual([path, 404]);
  for (const path of ["/v1/secrets:batch", "/internal/checks"])
    expect([path, await statusOf(`${url}${path}`, "POST")]).toEqual([path, 404]);
  expect(await statusOf(`${runtimeUrl}/v1/${mount}/data/warehouse`)).toBe(404);
  expect(await statusOf(`${runtimeUrl}/v1/secrets/warehouse`)).toBe(200);
});
