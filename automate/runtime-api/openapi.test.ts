import { afterAll, beforeAll, expect, test } from "vitest";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let dialect: VaultDialect;

beforeAll(async () => {
  dialect = await startVaultDialect([{ id: "warehouse", subKind: "text", fields: { value: "open sesame" } }]);
});

afterAll(() => dialect.close());

type Documented = {
  operationId: string;
  parameters: { name: string; in: string }[];
  responses: Record<string, object>;
};
type Document = { openapi: string; paths: Record<string, Record<string, Documented>> };

test("anyone can read which requests the runtime API takes, and how it refuses them", async () => {
  const answer = await fetch(`${dialect.url}/v1/openapi.json`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "application/json; charset=utf-8",
  ]);
  const { openapi, paths } = (await answer.json()) as Document;
  expect(openapi).toBe("3.1.1");
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, responses }]) => [
      `${method} ${path}`,
      operationId,
      parameters.map((one) => one.name),
      Object.keys(responses).join(" "),
    ]),
  );
  expect(documented).toEqual([
    ["get /v1/whoami", "whoami", ["X-Selvage-Fabric"], "200 400 401 429 500 503"],
    [
      "get /v1/secrets/{name}",
      "getSecret",
      ["name", "version", "If-None-Match", "X-Selvage-Fabric"],
      "200 304 400 401 404 429 500 503",
    ],
    ["post /v1/secrets:batch", "getSecrets", ["X-Selvage-Fabric"], "200 400 401 404 413 415 429 500 503"],
    [
      "post /v1/secrets/{name}/token",
      "getToken",
      ["name", "X-Selvage-Fabric"],
      "200 400 401 404 409 413 415 429 500 502 503",
    ],
    [
      "get /v1/connections/{name}",
      "getConnection",
      ["name", "If-None-Match", "X-Selvage-Fabric"],
      "200 304 400 401 404 409 429 500 503",
    ],
  ]);
});

test.each([
  ["POST", "/v1/secrets/warehouse", "GET, HEAD"],
  ["DELETE", "/v1/secrets/warehouse", "GET, HEAD"],
  ["GET", "/v1/secrets:batch", "POST"],
  ["GET", "/v1/secrets/warehouse/token", "POST"],
  ["PUT", "/v1/connections/orders", "GET, HEAD"],
  ["OPTIONS", "/v1/whoami", "GET, HEAD"],
])("%s %s is 405, and names the methods that the path has: %s", async (method, path, allowed) => {
  const answer = await fetch(`${dialect.url}${path}`, { method });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, allowed]);
  expect(await answer.json()).toMatchObject({ error: { code: "method_not_allowed" } });
});
