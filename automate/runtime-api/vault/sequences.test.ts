import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

// The request sequences of Vault's clients on Kubernetes, by their sources. All use Go's client, which
// `npm run test:peers` runs; it runs Vault Agent, too.

let { url, fabric, mount, workloadToken, close } = {} as VaultDialect;

beforeAll(async () => {
  const dialect = await startVaultDialect([
    { id: "warehouse", subKind: "text", fields: { value: "open sesame" } },
    { id: "url", name: "app.url", subKind: "text", fields: { value: "https://example.com" } },
  ]);
  ({ url, fabric, mount, workloadToken, close } = dialect);
});

afterAll(() => close());

/** Sends a request as Go's client does, and returns the status and the parsed answer. */
async function send(method: string, path: string, token = "", body?: object) {
  const answer = await fetch(`${url}/vault/v1/${path}`, {
    method,
    headers: { "x-vault-request": "true", ...(token && { "x-vault-token": token }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
}

/** Signs in as a service account, at Kubernetes' default mount. */
async function signIn(method: "PUT" | "POST"): Promise<string> {
  const body = { role: fabric.fabricId, jwt: await workloadToken() };
  const { status, json } = await send(method, "auth/kubernetes/login", "", body);
  expect(status).toBe(200);
  // A token that may be renewed would be renewed until it expires.
  expect(json.auth).toMatchObject({ renewable: false, lease_duration: expect.any(Number) });
  return json.auth.client_token;
}

describe("External Secrets", () => {
  /** Its store is ready only if the token has a type, a lifetime in whole seconds and a time of expiry. */
  async function validate(token: string) {
    const { status, json } = await send("GET", "auth/token/lookup-self", token);
    expect(status).toBe(200);
    expect(json.data.type).toBe("service");
    expect(Number.isInteger(json.data.ttl) && json.data.ttl >= 60).toBe(true);
    expect(Date.parse(json.data.expire_time)).toBeGreaterThan(Date.now());
  }

  test("signs in, validates its store, reads a value and a version, and revokes its token", async () => {
    const token = await signIn("PUT");
    await validate(token);
    for (const query of ["", "?version=1"]) {
      const { json } = await send("GET", `${mount}/data/warehouse${query}`, token);
      expect(json.data.data).toEqual({ value: "open sesame" });
      expect(json.data.metadata).toMatchObject({ version: 1, deletion_time: "" });
    }
    // A missing key is not an error of the store, so the deletion policy decides.
    expect((await send("GET", `${mount}/data/none`, token)).status).toBe(404);
    await validate(token);
    expect((await send("PUT", "auth/token/revoke-self", token)).status).toBe(204);
  });

  test("finds keys by name, below a path, and by tags that no secret has", async () => {
    const token = await signIn("PUT");
    const all = await send("GET", `${mount}/metadata/?list=true`, token);
    expect(all.json.data.keys).toEqual(["app.url", "warehouse"]);
    const below = await send("GET", `${mount}/metadata/app/?list=true`, token);
    expect(below.json.data.keys).toEqual(["url"]);
    expect((await send("GET", `${mount}/data/app/url`, token)).json.data.data).toEqual({
      value: "https://example.com",
    });
    const { json } = await send("GET", `${mount}/metadata/warehouse`, token);
    expect(json.data.custom_metadata).toBeNull();
  });
});

test("Vault's CSI provider signs in by POST, reads with a body or a query, and signs in again after 403", async () => {
  const token = await signIn("POST");
  const path = `${mount}/data/warehouse`;
  expect((await send("GET", `${path}?version=1`, token)).json.data.data).toEqual({ value: "open sesame" });
  expect((await send("GET", path, "expired")).status).toBe(403);
  const again = await send("GET", path, await signIn("POST"));
  expect(again.json).toMatchObject({
    lease_duration: 0,
    renewable: false,
    data: { metadata: { version: 1 } },
  });
});

test("Vault Agent asks which engine a template's path has, reads it, and signs in again for an invalid token", async () => {
  const token = await signIn("PUT");
  const engine = await send("GET", `sys/internal/ui/mounts/${mount}/warehouse`, token);
  expect(engine.json.data).toMatchObject({ path: `${mount}/`, type: "kv", options: { version: "2" } });
  const { json } = await send("GET", `${mount}/data/warehouse`, token);
  expect(json.data.data).toEqual({ value: "open sesame" });
  const folder = await send("GET", `${mount}/metadata/app/?list=true`, token);
  expect(folder.json.data.keys).toEqual(["url"]);
  // Agent searches the text of a 403 for these words. Without them, it keeps a token that ended.
  const ended = await send("GET", `${mount}/data/warehouse`, "expired");
  expect([ended.status, ended.json.errors[0]]).toEqual([403, expect.stringContaining("invalid token")]);
  // The method `token_file` looks up its token instead.
  const own = await send("GET", "auth/token/lookup-self", token);
  expect(own.json.data).toMatchObject({
    id: token,
    type: "service",
    renewable: false,
    ttl: expect.any(Number),
  });
});

test("Vault Secrets Operator reads until a 403, looks up its token before the next read, and revokes it in the end", async () => {
  const token = await signIn("PUT");
  for (const path of ["data/warehouse", "data/warehouse?version=1", "data/app/url"]) {
    const { json } = await send("GET", `${mount}/${path}`, token);
    expect(json).toMatchObject({ request_id: expect.any(String), lease_id: "", wrap_info: null });
    expect(json.data).toMatchObject({ data: { value: expect.any(String) }, metadata: { version: 1 } });
  }
  expect((await send("GET", `${mount}/data/none`, token)).json).toEqual({ errors: [] });
  expect((await send("GET", `${mount}/data/warehouse`, "expired")).status).toBe(403);
  expect((await send("GET", "auth/token/lookup-self", "expired")).status).toBe(403);
  const restored = await send("GET", "auth/token/lookup-self", token);
  expect(restored.json.data).toMatchObject({ id: token, renewable: false, num_uses: 0 });
  expect((await send("GET", `${mount}/data/warehouse`, token)).status).toBe(200);
  expect((await send("PUT", "auth/token/revoke-self", token)).status).toBe(204);
});
