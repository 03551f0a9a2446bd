import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { addTestSecret } from "@/testing/secrets";
import { type SeededSecret, startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

const canary = `canary${randomBytes(8).toString("hex")}`;
let { owner, app, fabric, other, url, mount, token, addToken, close } = {} as VaultDialect;

const value = (label: string) => `${label} ${canary}`;
const secrets: readonly SeededSecret[] = [
  { id: "warehouse", subKind: "text", fields: { value: value("text") } },
  { id: "ca", subKind: "binary", metadata: { fileName: "ca.der" }, fields: { value: value("binary") } },
];

beforeAll(async () => {
  const dialect = await startVaultDialect(secrets);
  ({ owner, app, fabric, other, url, mount, token, addToken, close } = dialect);
  await addTestSecret(owner, fabric, dialect.webUrl, {
    id: "rotated",
    subKind: "text",
    versions: [
      { by: "user", fields: { value: "old" } },
      { by: "user", fields: { value: "new" } },
    ],
  });
});

afterAll(() => close());

function get(
  path: string,
  { as = token, method = "GET", headers = {} }: { as?: string; method?: string; headers?: object } = {},
) {
  return fetch(`${url}/vault/v1/${path}`, { method, headers: { "x-vault-token": as, ...headers } });
}

const uses = (name: string) => owner.auditEvent.count({ where: { action: "secret.use", objectName: name } });

describe("the Vault dialect", () => {
  test("answers in Vault's envelope, and accepts the fabric by id, by name and with a namespace", async () => {
    const headers = { "x-vault-namespace": "any", "x-vault-request": "true" };
    for (const name of [
      fabric.fabricId,
      mount,
      encodeURIComponent(mount.replaceAll("_", " ").replace("Sales_", "Sales ")),
    ]) {
      const answer = await get(`${name}/data/warehouse`, { headers });
      expect(answer.status, name).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(Object.keys(await answer.json()).sort()).toEqual(
        [
          "auth",
          "data",
          "lease_duration",
          "lease_id",
          "renewable",
          "request_id",
          "warnings",
          "wrap_info",
        ].sort(),
      );
    }
  });

  test("answers for another fabric as for a missing one, and for a wrong token as Vault does", async () => {
    const denied = { errors: ["permission denied"] };
    for (const path of [
      `${other.fabricId}/data/warehouse`,
      "none/data/warehouse",
      `${other.fabricId}/metadata?list=true`,
    ]) {
      const answer = await get(path);
      expect([answer.status, await answer.json()]).toEqual([403, denied]);
    }
    const elsewhere = await get(`${mount}/data/warehouse`, { as: await addToken(other) });
    expect([elsewhere.status, await elsewhere.json()]).toEqual([403, denied]);
    const invalid = { errors: ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"] };
    for (const as of ["svp_x", await addToken(fabric, { expiresAt: new Date(0) })]) {
      const answer = await get(`${mount}/data/warehouse`, { as });
      expect([answer.status, await answer.json()]).toEqual([403, invalid]);
    }
    const none = await get(`${mount}/data/warehouse`, { as: "" });
    expect([none.status, await none.json()]).toEqual([400, { errors: ["missing client token"] }]);
  });

  test("reads a path with folders as a name with dots, for clients that prefix names", async () => {
    const name = "variables.nightly.url";
    const row = { name, nameKey: name, fabricId: fabric.fabricId, secretId: "warehouse" };
    await owner.secretName.create({ data: row });
    for (const path of [name, "variables/nightly/url", "/variables//nightly/url"])
      expect((await get(`${mount}/data/${path}`)).status, path).toBe(200);
    expect((await get(`${mount}/data/variables`)).status).toBe(404);
    expect((await get(`${mount}/metadata/variables?list=true`)).status).toBe(404);
    await owner.secretName.deleteMany({ where: { name } });
  });

  test("returns 404 without a message for a missing name, and records the refusal", async () => {
    const answer = await get(`${mount}/data/warehosue`);
    expect([answer.status, await answer.json()]).toEqual([404, { errors: [] }]);
    expect(
      await owner.auditEvent.count({ where: { action: "secret.refuse", objectName: "warehosue" } }),
    ).toBe(1);
  });

  test("opens the current version only, and reports a former one as destroyed", async () => {
    const read = async (version: string) => {
      const answer = await get(`${mount}/data/rotated?version=${version}`);
      return [answer.status, (await answer.json()).data] as const;
    };
    expect(await read("2")).toMatchObject([200, { data: { value: "new" } }]);
    expect(await read("0")).toMatchObject([200, { data: { value: "new" } }]);
    expect(await read("1")).toMatchObject([404, { data: null, metadata: { destroyed: true, version: 1 } }]);
    await owner.versionRule.create({
      data: { fabricId: fabric.fabricId, formerVersions: 1, updatedByName: "Ada" },
    });
    expect(await read("1")).toMatchObject([200, { data: { value: "old" }, metadata: { version: 1 } }]);
    await owner.versionRule.deleteMany({ where: { fabricId: fabric.fabricId } });
    expect((await read("3"))[0]).toBe(404);
    expect((await read("x"))[0]).toBe(400);
    const { data } = await (await get(`${mount}/metadata/rotated`)).json();
    expect(data).toMatchObject({
      current_version: 2,
      versions: { 1: { destroyed: true }, 2: { destroyed: false } },
    });
    expect(await uses("rotated")).toBe(3);
  });

  test("accepts a login without a content type, as the Go client sends it", async () => {
    const body = new TextEncoder().encode(JSON.stringify({ role_id: mount, secret_id: token }));
    const answer = await fetch(`${url}/vault/v1/auth/approle/login`, { method: "PUT", body });
    expect((await answer.json()).auth.client_token).toBe(token);
    const malformed = await fetch(`${url}/vault/v1/auth/approle/login`, { method: "POST", body: "{" });
    expect([malformed.status, await malformed.json()]).toEqual([
      400,
      { errors: ["missing jwt, or role_id and secret_id"] },
    ]);
  });

  test("refuses a body over the limit in Vault's format, and does not read it", async () => {
    const body = JSON.stringify({ role_id: mount, secret_id: token, more: "x".repeat(70_000) });
    const answer = await fetch(`${url}/vault/v1/auth/approle/login`, { method: "POST", body });
    expect([answer.status, await answer.json()]).toEqual([413, { errors: ["request body too large"] }]);
  });

  test("answers clients' probes for mounts and for the engine at a path", async () => {
    const kv = { type: "kv", options: { version: "2" } };
    const mounts = await (await get("sys/mounts")).json();
    expect(mounts[`${mount}/`]).toMatchObject(kv);
    expect(mounts.data[`${mount}/`]).toMatchObject(kv);
    expect((await (await get(`sys/internal/ui/mounts/${mount}/warehouse`)).json()).data).toMatchObject({
      ...kv,
      path: `${mount}/`,
    });
    expect((await get("sys/internal/ui/mounts/none")).status).toBe(403);
    expect((await (await get("sys/internal/ui/mounts")).json()).data.secret[`${mount}/`]).toMatchObject(kv);
    expect(await (await fetch(`${url}/vault/v1/sys/seal-status`)).json()).toMatchObject({ sealed: false });
  });

  test("supports the method LIST, and no other method that Node.js does not support", async () => {
    const ask = async (head: string) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(head);
      return text(socket);
    };
    const tokenHeader = `X-Vault-Token: ${token}\r\nHost: x\r\n\r\n`;
    const listed = await ask(`LIST /vault/v1/${mount}/metadata/ HTTP/1.1\r\n${tokenHeader}`);
    expect(listed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(listed).toContain("\r\ncache-control: no-store\r\n");
    expect(listed).toContain('"keys":["ca"');
    for (const head of [
      `LIST /v1/secrets/warehouse HTTP/1.1\r\n${tokenHeader}`,
      `NONE /vault/v1/${mount}/metadata HTTP/1.1\r\n${tokenHeader}`,
      `LIST /vault/v1/${mount}/metadata HTTP/1.1\r\nX-Filler: ${"x".repeat(20_000)}\r\n${tokenHeader}`,
    ])
      expect(await ask(head)).toMatch(/^HTTP\/1\.1 400 /);
    const data = await ask(`LIST /vault/v1/${mount}/data/warehouse HTTP/1.1\r\n${tokenHeader}`);
    expect(data).toMatch(/^HTTP\/1\.1 405 /);
  });

  test("supports the method LIST when the request head arrives in pieces", async () => {
    const head = `LIST /vault/v1/${mount}/metadata?list=true HTTP/1.1\r\nX-Filler: ${"x".repeat(3_000)}\r\nX-Vault-Token: ${token}\r\nHost: x\r\n\r\n`;
    const accepted = once(app.server, "connection");
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const [received] = (await accepted) as [Socket];
    let sent = 0;
    for (const to of [9, 1_448, head.length]) {
      socket.write(head.slice(sent, to));
      sent = to;
      await expect.poll(() => received.bytesRead, { interval: 5 }).toBe(sent);
    }
    expect(await text(socket)).toContain('"keys":["ca"');
  });

  test("records each refusal: of a version, a write or another mount", async () => {
    const codes = async () => {
      await flushAggregatedEvents();
      const events = await owner.auditEvent.findMany({
        where: { action: { endsWith: ".refuse" } },
        orderBy: { id: "asc" },
      });
      return events.map(({ details }) => (details as { code: string }).code);
    };
    const before = (await codes()).length;
    expect((await get(`${mount}/data/warehouse?version=999`)).status).toBe(404);
    expect((await get(`${mount}/data/warehouse?version=99999999999`)).status).toBe(400);
    expect((await get("none/data/warehouse")).status).toBe(403);
    const write = await fetch(`${url}/vault/v1/${mount}/data/warehouse`, {
      method: "POST",
      headers: { "x-vault-token": token },
      body: "{}",
    });
    expect(write.status).toBe(403);
    const recorded = (await codes()).slice(before);
    expect(recorded).toEqual(expect.arrayContaining(["no_version", "wrong_fabric", "read_only"]));
  });

  test("returns no value when automate cannot record the use", async () => {
    await owner.$executeRawUnsafe(
      `ALTER TABLE audit_event ADD CONSTRAINT none CHECK ("objectName" <> 'warehouse') NOT VALID`,
    );
    try {
      const answer = await get(`${mount}/data/warehouse`);
      expect([answer.status, await answer.json()]).toEqual([500, { errors: ["internal error"] }]);
    } finally {
      await owner.$executeRawUnsafe("ALTER TABLE audit_event DROP CONSTRAINT none");
    }
  });
});
