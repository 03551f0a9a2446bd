import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { openTransitKey, transitKey } from "@/lib/kms/providers/transit";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { testPromises } from "@/testing/key-services/promises";
import { type StartedServer, serverFolder, startServer } from "@/testing/peers/real-server";
import { buildTransitServer } from "@/testing/peers/transit-server";

const context = { fabricId: "0193-fabric", kid: "0193-key" };
const key = new Uint8Array(32).fill(7);
/** The least rights of docs/kms.md. */
const policy = `
  path "transit/encrypt/main" { capabilities = ["update"] }
  path "transit/decrypt/main" { capabilities = ["update"] }
  path "transit/keys/main" { capabilities = ["read"] }
`;

let server: StartedServer;
let address: string;
let root: string;
let folder: Awaited<ReturnType<typeof serverFolder>>;

beforeAll(async () => {
  const program = await buildTransitServer();
  folder = await serverFolder("transit");
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  server = await startServer(program, [`127.0.0.1:${port}`], { port, install: "" });
  root = JSON.parse(server.log().trim()).token;
  await operator("sys/mounts/transit", { type: "transit" });
  await operator("sys/auth/approle", { type: "approle" });
  await operator("sys/policies/acl/selvage", { policy });
  for (const name of ["main", "other"]) await operator(`transit/keys/${name}`, { type: "aes256-gcm96" });
}, 1_800_000);

afterAll(async () => {
  await server?.stop();
  await folder?.remove();
});

/** A request of the operator, who may do everything. */
async function operator(path: string, body?: object, method = body ? "POST" : "GET") {
  const answer = await fetch(`${address}/v1/${path}`, {
    method,
    headers: { "x-vault-token": root },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : ((await answer.json()) as Answer);
}
type Answer = {
  auth: { client_token: string; accessor: string };
  data: Record<string, unknown>;
};

const tokenOf = async (settings: object) => {
  const made = await operator("auth/token/create", { policies: ["selvage"], ...settings });
  return made?.auth ?? { client_token: "", accessor: "" };
};

const open = (settings: object) =>
  openTransitKey(transitKey.parse({ provider: "transit", address, ...settings }));

/** Transit, with a token of the least rights, or for the other key with the operator's. */
async function startRealTransit(): Promise<KeyService> {
  const file = async (name: string, token: string) => {
    await writeFile(join(folder.path, name), token, { mode: 0o600 });
    return { method: "token", file: join(folder.path, name) };
  };
  const least = await tokenOf({});
  const auth = await file("token", least.client_token);
  const all = await file("root-token", root);
  return {
    open: () => open({ key: "main", auth }),
    openOther: () => open({ key: "other", auth: all }),
    async be(situation: Situation) {
      const token = situation === "wrong credentials" ? "canary-unknown" : least.client_token;
      await writeFile(auth.file, token);
      const none = 'path "sys/health" { capabilities = ["read"] }';
      await operator("sys/policies/acl/selvage", { policy: situation === "denied" ? none : policy });
    },
    requests: () => 0,
    close: async () => {},
  };
}

describe("Transit", () => {
  testPromises({
    provider: "transit",
    start: startRealTransit,
    bindsContext: true,
    outcomes: [
      ["denied", "denied", "denied", "denied"],
      ["wrong credentials", "denied", "denied", "denied"],
    ],
  });

  test("a wrong name makes no key, and says that the key is missing", async () => {
    vi.stubEnv("VAULT_TOKEN", root);
    const names = await operator("transit/keys", undefined, "LIST");
    const least = await tokenOf({});
    const withRoot = await open({ key: "typo" });
    expect((await withRoot.describe()).state).toBe("missing");
    await expect(withRoot.unwrap("vault:v1:AAAA", context)).rejects.toMatchObject({ state: "missing" });
    vi.stubEnv("VAULT_TOKEN", least.client_token);
    const withLeast = await open({ key: "typo" });
    await expect(withLeast.wrap(key, context)).rejects.toMatchObject({ state: "denied" });
    expect(await operator("transit/keys", undefined, "LIST")).toMatchObject({ data: names?.data ?? {} });
    vi.stubEnv("VAULT_TOKEN", root);
    const elsewhere = await open({ key: "main", mount: "nowhere" });
    expect((await elsewhere.describe()).state).toBe("missing");
    vi.unstubAllEnvs();
  });

  test("a key that Transit rotated unwraps what was wrapped before, until the operator forbids it", async () => {
    await operator("transit/keys/rotated", { type: "aes256-gcm96" });
    vi.stubEnv("VAULT_TOKEN", root);
    const master = await open({ key: "rotated" });
    const before = await master.wrap(key, context);
    await operator("transit/keys/rotated/rotate", {});
    const after = await master.wrap(key, context);
    expect([before, after].map((text) => text.slice(0, 9))).toEqual(["vault:v1:", "vault:v2:"]);
    expect(await master.unwrap(before, context)).toEqual(key);
    await operator("transit/keys/rotated/config", { min_decryption_version: 2 });
    await expect(master.unwrap(before, context)).rejects.toMatchObject({ state: "disabled" });
    expect(await master.unwrap(after, context)).toEqual(key);
    vi.unstubAllEnvs();
  });

  test("a key whose type takes no context is refused", async () => {
    await operator("transit/keys/rsa", { type: "rsa-2048" });
    vi.stubEnv("VAULT_TOKEN", root);
    const master = await open({ key: "rsa" });
    await expect(master.wrap(key, context)).rejects.toMatchObject({ state: "denied" });
    vi.unstubAllEnvs();
  });

  test("an AppRole signs in, and signs in again after its token was revoked", async () => {
    await operator("auth/approle/role/selvage", { token_policies: ["selvage"], token_ttl: "1h" });
    const role = await operator("auth/approle/role/selvage/role-id");
    const secret = await operator("auth/approle/role/selvage/secret-id", {});
    const secretIdFile = join(folder.path, "secret-id");
    await writeFile(secretIdFile, `${secret?.data.secret_id}\n`);
    const auth = { method: "approle", roleId: role?.data.role_id, secretIdFile };
    const master = await open({ key: "main", auth });
    const wrapped = await master.wrap(key, context);
    const listed = await operator("auth/token/accessors", undefined, "LIST");
    for (const accessor of (listed?.data.keys ?? []) as string[]) {
      const looked = await operator("auth/token/lookup-accessor", { accessor });
      if (looked?.data.path === "auth/approle/login")
        await operator("auth/token/revoke-accessor", { accessor });
    }
    await expect(master.unwrap(wrapped, context)).rejects.toMatchObject({ state: "denied" });
    expect(await master.unwrap(wrapped, context)).toEqual(key);
    await writeFile(secretIdFile, "canary-wrong");
    expect((await (await open({ key: "main", auth })).describe()).state).toBe("denied");
  });

  test("a token of the least rights renews itself in the second half of its life", async () => {
    const { client_token } = await tokenOf({ period: "4s", explicit_max_ttl: "0" });
    const ttl = async () => Number((await operator("auth/token/lookup", { token: client_token }))?.data.ttl);
    vi.stubEnv("VAULT_TOKEN", client_token);
    const master = await open({ key: "main" });
    await expect.poll(ttl).toBeLessThan(2);
    expect((await master.describe()).state).toBe("enabled");
    expect(await ttl()).toBeGreaterThan(2);
    vi.unstubAllEnvs();
  });

  test("a sealed server is unavailable, and works after it was unsealed", async () => {
    vi.stubEnv("VAULT_TOKEN", root);
    const master = await open({ key: "main" });
    const wrapped = await master.wrap(key, context);
    await operator("sys/seal", {});
    await expect(master.unwrap(wrapped, context)).rejects.toMatchObject({ state: "unavailable" });
    expect((await master.describe()).state).toBe("unavailable");
    const { share } = JSON.parse(server.log().trim());
    await fetch(`${address}/v1/sys/unseal`, { method: "POST", body: JSON.stringify({ key: share }) });
    await vi.waitFor(async () => expect(await master.unwrap(wrapped, context)).toEqual(key), 10_000);
    vi.unstubAllEnvs();
  });
});
