import { randomBytes } from "node:crypto";
import { Client } from "@litehex/node-vault";
import HashiVault from "hashi-vault-js";
import nodeVault from "node-vault";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SeededSecret, startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let { owner, fabric, other, url, mount, token, workloadToken, close } = {} as VaultDialect;

const canary = `canary${randomBytes(8).toString("hex")}`;
const value = (label: string) => `${label} ${canary}`;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const oauth = {
  clientId: "abc",
  clientSecret: value("secret"),
  authUrl: "https://idp.example.com/token",
  scope: "read write",
};
const basic = { username: "svc", password: value("password") };
const secrets: readonly SeededSecret[] = [
  { id: "warehouse", subKind: "text", fields: { value: value("text") } },
  { id: "ca", subKind: "binary", metadata: { fileName: "ca.der" }, fields: { value: value("binary") } },
  { id: "crm_basic", subKind: "username_password", fields: basic },
  { id: "crm_oauth", subKind: "m2m_oauth", fields: oauth },
];
/** Each secret as a client reads it. */
const read = [
  { id: "warehouse", fields: { value: value("text") } },
  { id: "ca", fields: { value: base64(value("binary")), fileName: "ca.der" } },
  { id: "crm_basic", fields: basic },
  { id: "crm_oauth", fields: oauth },
];
const names = ["ca", "crm_basic", "crm_oauth", "warehouse"];

beforeAll(async () => {
  ({ owner, fabric, other, url, mount, token, workloadToken, close } = await startVaultDialect(secrets));
});

afterAll(() => close());

const uses = (name: string) => owner.auditEvent.count({ where: { action: "secret.use", objectName: name } });

describe("node-vault, as published in the registry", () => {
  const client = (given: string) => nodeVault({ endpoint: `${url}/vault`, token: given });

  test.each(read)("reads $id, and automate records each read", async ({ id, fields }) => {
    const before = await uses(id);
    const { data } = await client(token).read(`${mount}/data/${id}`);
    expect(data.data).toEqual(fields);
    expect(data.metadata).toMatchObject({ version: 1, destroyed: false, deletion_time: "" });
    expect(await uses(id)).toBe(before + 1);
  });

  test("signs in by AppRole with the fabric and a pipeline token, lists, looks itself up and revokes its session", async () => {
    const signedOut = client("");
    const login = await signedOut.approleLogin({ role_id: fabric.fabricId, secret_id: token });
    expect(login.auth).toMatchObject({
      client_token: token,
      renewable: false,
      metadata: { token_name: "spark" },
    });
    const signedIn = client(login.auth.client_token);
    const { data } = await signedIn.list(`${mount}/metadata`);
    expect(data.keys).toEqual(names);
    expect((await signedIn.tokenLookupSelf()).data).toMatchObject({
      display_name: "spark",
      expire_time: null,
    });
    await signedIn.tokenRenewSelf();
    await signedIn.tokenRevokeSelf();
    // Only the Admin may revoke the token.
    expect((await signedIn.read(`${mount}/data/warehouse`)).data.data).toEqual({ value: value("text") });
    await expect(signedOut.approleLogin({ role_id: other.fabricId, secret_id: token })).rejects.toThrow(
      "invalid role or secret ID",
    );
    expect(await signedOut.health()).toMatchObject({ initialized: true, sealed: false });
  });

  test("gets an error that says where to write secrets when it writes", async () => {
    for (const write of [
      () => client(token).write(`${mount}/data/warehouse`, { data: { value: canary } }),
      () => client(token).delete(`${mount}/data/warehouse`),
    ])
      await expect(write()).rejects.toThrow("write secrets in Selvage");
  });

  test("asks for the state of the server, and signs in as Kubernetes' service account", async () => {
    expect(await client("").initialized()).toEqual({ initialized: true });
    expect(await client("").status()).toMatchObject({ sealed: false });
    expect((await client(token).mounts()).data).toHaveProperty([`${mount}/`, "type"], "kv");
    // A login works at any mount, so nobody needs their list.
    await expect(client(token).auths()).rejects.toThrow("permission denied");
    const jwt = await workloadToken();
    const { auth } = await client("").kubernetesLogin({
      mount_point: "kubernetes",
      role: fabric.fabricId,
      jwt,
    });
    const { data } = await client(auth.client_token).read(`${mount}/data/warehouse`);
    expect(data.data).toEqual({ value: value("text") });
  });

  test("reads through an endpoint that ends with a slash", async () => {
    const { data } = await nodeVault({ endpoint: `${url}/vault/`, token }).read(`${mount}/data/warehouse`);
    expect(data.data).toEqual({ value: value("text") });
  });
});

describe("@litehex/node-vault, as published in the registry", () => {
  const client = (given = token) => new Client({ endpoint: `${url}/vault`, token: given });

  test.each(read)("reads $id", async ({ id, fields }) => {
    const { data, error } = await client().kv2.read({ mountPath: mount, path: id });
    expect(error).toBeUndefined();
    expect(data?.data.data).toEqual(fields);
    expect(data?.data.metadata).toMatchObject({ version: 1, destroyed: false });
  });

  test("signs in by AppRole and as Kubernetes' service account, through its generic write", async () => {
    const approle = { role_id: mount, secret_id: token };
    const jwt = { role: mount, jwt: await workloadToken() };
    for (const [path, data] of [
      ["auth/approle/login", approle],
      ["auth/kubernetes/login", jwt],
    ] as const) {
      const login = await client("none").write({ path, data });
      const { auth } = login.data as { auth: { client_token: string } };
      const { data: found } = await client(auth.client_token).kv2.read({
        mountPath: mount,
        path: "warehouse",
      });
      expect(found?.data.data, path).toEqual({ value: value("text") });
    }
  });

  test("lists, and reads the state of the server, of its mounts and of a secret", async () => {
    const vault = client();
    expect((await vault.kv2.list({ mountPath: mount, path: "" })).data?.data.keys).toEqual(names);
    expect((await vault.initialized()).data).toEqual({ initialized: true });
    expect((await vault.sealStatus()).data).toMatchObject({ sealed: false });
    expect((await vault.health()).data).toMatchObject({ initialized: true, sealed: false });
    expect((await vault.mounts()).data?.data[`${mount}/`]).toMatchObject({ type: "kv" });
    expect((await vault.kv2.info({ mountPath: mount })).data).toMatchObject({ options: { version: "2" } });
    expect((await vault.kv2.readConfig({ mountPath: mount })).data?.data).toMatchObject({ max_versions: 1 });
    const { data } = await vault.kv2.readMetadata({ mountPath: mount, path: "warehouse" });
    expect(data?.data).toMatchObject({ current_version: 1 });
  });

  test("gets Vault's errors for a missing name, another fabric, a wrong token and a write", async () => {
    const failed = async (as: string, mountPath: string, path: string) =>
      (await client(as).kv2.read({ mountPath, path })).error?.message;
    expect(await failed(token, mount, "none")).toBe("Not Found");
    expect(await failed(token, other.fabricId, "warehouse")).toBe("permission denied");
    expect(await failed("svp_x", mount, "warehouse")).toContain("invalid token");
    const written = await client().kv2.write({ mountPath: mount, path: "warehouse", data: { value: "x" } });
    expect(written.error?.message).toContain("write secrets in Selvage");
  });
});

describe("hashi-vault-js, as published in the registry", () => {
  const client = () => new HashiVault({ baseUrl: `${url}/vault/v1`, timeout: 30_000 });

  test.each(read)("reads $id", async ({ id, fields }) => {
    expect(await client().readKVSecret(token, id, 1, mount)).toMatchObject({ data: fields });
  });

  test("signs in by AppRole and as Kubernetes' service account", async () => {
    const vault = client();
    expect(await vault.loginWithAppRole(fabric.fabricId, token)).toMatchObject({ client_token: token });
    const login = await vault.loginWithK8s(fabric.fabricId, await workloadToken());
    const { client_token: workload } = login as { client_token: string };
    expect(await vault.readKVSecret(workload, "warehouse", undefined, mount)).toMatchObject({
      data: { value: value("text") },
    });
  });

  test("lists, and reads the state of the server, of the engine and of its own rights", async () => {
    const vault = client();
    expect(await vault.listKVSecrets(token, "", mount)).toEqual({ keys: names });
    expect(await vault.healthCheck({})).toMatchObject({ initialized: true, sealed: false });
    expect(await vault.sealStatus()).toMatchObject({ sealed: false });
    expect(await vault.readKVEngineConfig(token, mount)).toMatchObject({ max_versions: 1 });
    expect(await vault.readKVSecretMeta(token, "warehouse", mount)).toMatchObject({ current_version: 1 });
    const path = `${mount}/data/warehouse`;
    expect(await vault.sysCapabilitiesSelf(token, [path])).toMatchObject({ [path]: ["read"] });
    expect(await vault.lookupSelfToken(token)).toMatchObject({ display_name: "spark" });
  });

  test("gets Vault's errors for a missing name, a wrong token, a write and a new token", async () => {
    const vault = client();
    const statusOf = (work: PromiseLike<unknown>) =>
      work.then(
        () => "no error",
        (error: { response?: { status: number } }) => error.response?.status,
      );
    expect(await statusOf(vault.readKVSecret(token, "none", undefined, mount))).toBe(404);
    expect(await statusOf(vault.readKVSecret("svp_x", "warehouse", undefined, mount))).toBe(403);
    expect(await statusOf(vault.createKVSecret(token, "warehouse", { value: "x" }, mount))).toBe(403);
    expect(await statusOf(vault.createToken(token, {}))).toBe(403);
  });
});
