import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addTestSecret } from "@/testing/secrets";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let { owner, fabric, other, url, mount, token, addToken, workloadToken, close } = {} as VaultDialect;

beforeAll(async () => {
  const dialect = await startVaultDialect([
    { id: "warehouse", subKind: "text", fields: { value: "open sesame" } },
    { id: "url", name: "variables.url", subKind: "text", fields: { value: "https://example.com" } },
  ]);
  ({ owner, fabric, other, url, mount, token, addToken, workloadToken, close } = dialect);
  await addTestSecret(owner, other, dialect.webUrl, {
    id: "theirs",
    subKind: "text",
    versions: [{ by: "user", fields: { value: "theirs" } }],
  });
});

afterAll(() => close());

type Asked = { as?: string; method?: string; headers?: Record<string, string>; body?: unknown };

async function ask(path: string, { as = token, method = "GET", headers = {}, body }: Asked = {}) {
  const answer = await fetch(`${url}/vault/v1/${path}`, {
    method,
    headers: { ...(as && { "x-vault-token": as }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const bytes = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    json: bytes === "" ? undefined : JSON.parse(bytes),
  };
}

/** Sends raw bytes, and returns the raw answer. */
async function send(head: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(head);
  return text(socket);
}

describe("the content type", () => {
  test.each<[string, string, number, Asked?]>([
    ["a value", "{mount}/data/warehouse", 200],
    ["a list", "{mount}/metadata?list=true", 200],
    ["health", "sys/health", 200],
    ["a missing name", "{mount}/data/none", 404],
    ["a missing route", "nothing", 404],
    ["a refusal", "none/data/warehouse", 403],
    ["a failed login", "auth/approle/login", 400, { method: "POST", body: {} }],
    ["a path that is not UTF-8", "%ff", 400],
  ])("of %s is application/json without a charset", async (_what, path, status, asked = {}) => {
    const answer = await ask(path.replace("{mount}", mount), asked);
    expect([answer.status, answer.type]).toEqual([status, "application/json"]);
  });

  test("of the method LIST is application/json, and a request without a body has none", async () => {
    const listed = await send(
      `LIST /vault/v1/${mount}/metadata HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n\r\n`,
    );
    expect(listed).toContain("\r\ncontent-type: application/json\r\n");
    const revoked = await ask("auth/token/revoke-self", { method: "POST" });
    expect(revoked).toEqual({ status: 204, type: null, json: undefined });
  });
});

describe("a login", () => {
  const logIn = (where: string, body: unknown) =>
    ask(`auth/${where}/login`, { as: "", method: "POST", body });

  test("takes the token of a workload at any mount", async () => {
    for (const where of ["jwt", "kubernetes", "clusters/eu/kubernetes"]) {
      const jwt = await workloadToken();
      const { status, json } = await logIn(where, { role: fabric.fabricId, jwt });
      expect([where, status, json.auth.client_token]).toEqual([where, 200, `${fabric.fabricId}.${jwt}`]);
      const read = await ask(`${mount}/data/warehouse`, { as: json.auth.client_token });
      expect(read.json.data.data).toEqual({ value: "open sesame" });
    }
    expect((await logIn("kubernetes", { jwt: await workloadToken() })).status).toBe(200);
  });

  test("takes a role id and a secret id at any mount", async () => {
    for (const where of ["approle", "pipelines"]) {
      const { status, json } = await logIn(where, { role_id: fabric.fabricId, secret_id: token });
      expect([where, status, json.auth.client_token]).toEqual([where, 200, token]);
    }
  });

  test("is refused for another fabric, and for a body that no login has", async () => {
    expect(await logIn("kubernetes", { role: other.fabricId, jwt: await workloadToken() })).toMatchObject({
      status: 400,
      json: { errors: ["invalid role or JWT"] },
    });
    expect(await logIn("aws", { iam_http_request_method: "POST" })).toMatchObject({
      status: 400,
      json: { errors: ["missing jwt, or role_id and secret_id"] },
    });
  });

  test.each(["auth/userpass/login/ada", "auth/token/login", "auth/kubernetes/config", "cubbyhole/x", "v2"])(
    "has no handler at %s",
    async (path) => {
      expect(await ask(path, { as: "" })).toMatchObject({
        status: 404,
        json: { errors: [`no handler for route "${path}". route entry not found.`] },
      });
    },
  );
});

describe("system paths", () => {
  test("answer anybody with the state of the server", async () => {
    expect((await ask("sys/init", { as: "" })).json).toEqual({ initialized: true });
    expect((await ask("sys/leader", { as: "" })).json).toEqual({
      ha_enabled: false,
      is_self: false,
      active_time: "0001-01-01T00:00:00Z",
      leader_address: "",
      leader_cluster_address: "",
      performance_standby: false,
      performance_standby_last_remote_wal: 0,
    });
    expect((await ask("sys/seal-status", { as: "" })).json).toMatchObject({
      initialized: true,
      sealed: false,
      migration: false,
      recovery_seal: false,
      nonce: "",
      build_date: expect.any(String),
    });
    expect((await ask("sys/health", { as: "" })).json).toMatchObject({
      initialized: true,
      sealed: false,
      standby: false,
    });
  });

  test("name what an unlimited token may do at a path", async () => {
    const paths = [
      `${mount}/data/warehouse`,
      `${mount}/metadata/`,
      "none/data/warehouse",
      `${other.fabricId}/data/theirs`,
      `${mount}/data/connections/a\u0000b`,
      "sys/seal",
      "auth/token/create",
      "auth/token/lookup-self",
    ];
    const { json } = await ask("sys/capabilities-self", { method: "POST", body: { paths } });
    const expected = {
      [`${mount}/data/warehouse`]: ["read"],
      [`${mount}/metadata/`]: ["list"],
      "none/data/warehouse": ["deny"],
      [`${other.fabricId}/data/theirs`]: ["deny"],
      [`${mount}/data/connections/a\u0000b`]: ["deny"],
      "sys/seal": ["deny"],
      "auth/token/create": ["deny"],
      "auth/token/lookup-self": ["read"],
    };
    expect(json.data).toEqual(expected);
    expect(json).toMatchObject(expected);
    const one = await ask("sys/capabilities-self", { method: "POST", body: { path: paths[0] } });
    expect(one.json.capabilities).toEqual(["read"]);
    expect((await ask("sys/capabilities-self", { method: "POST", body: {} })).status).toBe(400);
  });

  test("deny a limited token a secret outside its limits as they deny a missing one", async () => {
    const as = await addToken(fabric, { secretIds: ["warehouse"] });
    const paths = ["warehouse", "variables.url", "none"].map((name) => `${mount}/data/${name}`);
    const { json } = await ask("sys/capabilities-self", { as, method: "POST", body: { paths } });
    expect(paths.map((path) => json.data[path])).toEqual([["read"], ["deny"], ["deny"]]);
    const before = await owner.auditEvent.count({
      where: { action: { in: ["secret.use", "secret.refuse"] } },
    });
    await ask("sys/capabilities-self", { as, method: "POST", body: { paths } });
    expect(await owner.auditEvent.count({ where: { action: { in: ["secret.use", "secret.refuse"] } } })).toBe(
      before,
    );
  });

  test("describe the mount and its tuning, and no other mount", async () => {
    const tune = { default_lease_ttl: 2_764_800, max_lease_ttl: 2_764_800, force_no_cache: false };
    const { json } = await ask(`sys/mounts/${mount}/tune`);
    expect(json).toMatchObject(tune);
    expect(json.data).toMatchObject({ ...tune, options: { version: "2" } });
    expect((await ask(`sys/mounts/${mount}`)).json.data).toMatchObject({
      type: "kv",
      options: { version: "2" },
    });
    expect((await ask(`${mount}/config`)).json.data).toEqual({
      cas_required: false,
      delete_version_after: "0s",
      max_versions: 1,
    });
    for (const path of [
      "sys/mounts/none/tune",
      `sys/mounts/${other.fabricId}`,
      "sys/internal/ui/mounts/none",
    ])
      expect((await ask(path)).status, path).toBe(403);
  });

  test("create no token", async () => {
    expect(await ask("auth/token/create", { method: "POST", body: { policies: ["default"] } })).toMatchObject(
      {
        status: 403,
        json: { errors: ["1 error occurred:\n\t* permission denied\n\n"] },
      },
    );
  });
});

describe("a list", () => {
  const names = ["variables.url", "warehouse"];

  test.each([
    ...["true", "True", "TRUE", "t", "T", "1"].map((list) => `metadata?list=${list}`),
    ...["metadata/", "metadata//", "metadata/.", "metadata/./"].map((path) => `${path}?list=true`),
  ])("is answered at %s", async (path) => {
    expect((await ask(`${mount}/${path}`)).json.data).toEqual({ keys: names });
  });

  test("is not requested by false, and is refused for another word", async () => {
    for (const list of ["false", "F", "0"])
      expect((await ask(`${mount}/metadata/warehouse?list=${list}`)).json.data.current_version).toBe(1);
    expect(await ask(`${mount}/metadata?list=yes`)).toMatchObject({
      status: 400,
      json: { errors: ['strconv.ParseBool: parsing "yes": invalid syntax'] },
    });
  });

  test("of a folder has the names below it, and is 404 when there are none", async () => {
    expect((await ask(`${mount}/metadata/variables?list=true`)).json.data).toEqual({ keys: ["url"] });
    for (const folder of ["connections", "warehouse", "variables/url", "variable_", "variables%25"])
      expect(await ask(`${mount}/metadata/${folder}?list=true`)).toMatchObject({
        status: 404,
        json: { errors: [] },
      });
  });

  test("of a limited token has the names within its limits only", async () => {
    const as = await addToken(fabric, { secretIds: ["warehouse"] });
    expect((await ask(`${mount}/metadata?list=1`, { as })).json.data).toEqual({ keys: ["warehouse"] });
    expect((await ask(`${mount}/metadata/variables?list=1`, { as })).status).toBe(404);
  });

  test("is answered for the method LIST in HTTP/1.0, as nginx sends it", async () => {
    const head = `LIST /vault/v1/${mount}/metadata/ HTTP/1.0\r\nHost: x\r\nConnection: close\r\n`;
    const listed = await send(`${head}X-Vault-Token: ${token}\r\n\r\n`);
    expect(listed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(listed).toContain('"keys":["variables.url","warehouse"]');
  });

  // A proxy that publishes only the dialect's prefix would otherwise publish the whole runtime API.
  test.each([
    "/vault/v1/%2e%2e/%2E%2e/v1/secrets/warehouse",
    "/vault/v1/../../v1/secrets/warehouse",
    "/vault/v1/.%2e/../healthz",
  ])("never leaves the dialect: %s", async (path) => {
    const answer = await send(`LIST ${path} HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 404 [^{]+\{"errors":\[/);
    expect(answer).not.toContain("open sesame");
  });
});

describe("a path with repeated slashes", () => {
  test.each([
    "//v1/{mount}/data/warehouse",
    "/v1//{mount}//data/warehouse",
    "//v1//{mount}/data//warehouse/",
  ])("is read as one without: /vault%s", async (path) => {
    const answer = await fetch(`${url}/vault${path.replace("{mount}", mount)}`, {
      headers: { "x-vault-token": token },
    });
    expect([answer.status, (await answer.json()).data?.data]).toEqual([200, { value: "open sesame" }]);
  });

  test("is listed as one without", async () => {
    const head = `LIST /vault//v1/${mount}/metadata HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\n\r\n`;
    expect(await send(head)).toContain('"keys":["variables.url","warehouse"]');
  });
});

describe("response wrapping", () => {
  test("is refused with a sentence, and nothing is opened", async () => {
    const uses = () => owner.auditEvent.count({ where: { action: "secret.use" } });
    const before = await uses();
    const headers = { "x-vault-wrap-ttl": "60s" };
    for (const path of [`${mount}/data/warehouse`, "auth/token/lookup-self", "sys/health"])
      expect(await ask(path, { headers })).toMatchObject({
        status: 400,
        json: {
          errors: [
            "response wrapping is not supported: send no X-Vault-Wrap-TTL header, and no answer will be wrapped",
          ],
        },
      });
    expect(await uses()).toBe(before);
    expect((await ask(`${mount}/data/warehouse`, { headers: { "x-vault-wrap-ttl": "" } })).status).toBe(200);
  });
});
