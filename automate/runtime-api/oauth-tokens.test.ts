import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { storeReaders } from "@/automate/secrets/readers";
import { createAuthority } from "@/launcher/certificates.mjs";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { hostPortOf } from "@/lib/egress/host";
import { KeyServiceFault } from "@/lib/kms/define";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { listen } from "@/testing/servers/listening";
import { startTokenServer, type TokenServer } from "@/testing/servers/token-server";

const clientSecret = `canary${randomBytes(12).toString("hex")}`;
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let app: FastifyInstance;
let tokens: TokenServer;
let pipeline: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, {
    AUTOMATE_URL: "http://automate.test",
    EGRESS_ALLOW: "127.0.0.1/32,127.0.0.2/32:9",
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  tokens = await startTokenServer({ client: { clientId: "crm", clientSecret }, scope: "read" });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  pipeline = await addToken();
});

afterAll(async () => {
  await app.close();
  await tokens.close();
  await owner.$disconnect();
  await closeDb();
});

async function addToken(): Promise<string> {
  const { token, tokenHash } = newPipelineToken();
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({ data: { fabricId, name: "nightly", tokenHash, ...by } });
  return token;
}

let count = 0;
/** An M2M OAuth secret of the token server or of another address, with one version for each client secret. */
async function addClient(authUrl = tokens.authUrl, secrets = [clientSecret]): Promise<string> {
  count += 1;
  const id = `crm_${count}`;
  const versions = secrets.map((secret) => ({
    by: "user" as const,
    fields: { clientId: "crm", clientSecret: secret, authUrl, scope: "read" },
  }));
  await addTestSecret(owner, fabric, urls.webUrl, {
    id,
    subKind: "m2m_oauth",
    metadata: { authHost: hostPortOf(authUrl) ?? "" },
    versions,
  });
  return id;
}

const addAuthority = (id: string, value: string) =>
  addTestSecret(owner, fabric, urls.webUrl, {
    id,
    subKind: "text",
    versions: [{ by: "user", fields: { value } }],
  });

/** Allows destinations for the first version of a secret. */
async function allow(secretId: string, ...destinations: string[]): Promise<void> {
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  const data = destinations.map((destination) => ({ fabricId, secretId, version: 1, destination, ...by }));
  await owner.allowedDestination.createMany({ data });
}

async function ask(name: string, payload?: object, token = pipeline, runtime = app) {
  const response = await runtime.inject({
    method: "POST",
    url: `/v1/secrets/${name}/token`,
    headers: { authorization: `Bearer ${token}`, ...(payload ? { "content-type": "application/json" } : {}) },
    ...(payload ? { payload: JSON.stringify(payload) } : {}),
  });
  expect(response.payload).not.toContain(clientSecret);
  return { status: response.statusCode, headers: response.headers, json: response.json() };
}

const events = (action: string, objectId: string) => owner.auditEvent.count({ where: { action, objectId } });

describe("a token of an M2M OAuth secret", () => {
  test("is fetched once for concurrent callers, works, and automate records each use", async () => {
    const name = await addClient();
    const before = tokens.asked();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(name)));
    const issued = new Set(answers.map(({ json }) => json.access_token));
    expect(issued.size).toBe(1);
    const [first] = answers;
    expect(first?.json).toMatchObject({ token_type: "Bearer", version: 1, expires_in: expect.any(Number) });
    expect(first?.headers["cache-control"]).toBe("no-store");
    expect(await tokens.isValid(String(first?.json.access_token))).toBe(true);
    expect(tokens.asked()).toBe(before + 1);
    expect([await events("secret.token", name), await events("secret.use", name)]).toEqual([20, 1]);
    // Cached tokens count as reads of the secret, the purchase does not.
    await storeReaders();
    const readers = await owner.secretReader.findMany({ where: { secretId: name } });
    expect(readers).toMatchObject([{ readerName: "nightly", name, lastVersion: 1, reads: 20n }]);
  });

  test("is fetched again, once, when an API rejected the cached one", async () => {
    const name = await addClient();
    const first = (await ask(name)).json.access_token;
    const before = tokens.asked();
    const again = await Promise.all(Array.from({ length: 5 }, () => ask(name, { rejected: first })));
    const issued = new Set(again.map(({ json }) => json.access_token));
    expect([issued.size, issued.has(first), tokens.asked()]).toEqual([1, false, before + 1]);
    // A late caller with the old token gets the new one.
    expect((await ask(name, { rejected: first })).json.access_token).toBe([...issued][0]);
    expect(tokens.asked()).toBe(before + 1);
    // An API that rejects the second token too would reject any. Automate does not fetch one for each
    // rejection.
    const [second] = [...issued];
    expect((await ask(name, { rejected: second })).json.access_token).toBe(second);
    expect(tokens.asked()).toBe(before + 1);
  });

  test("does not count as an attempt when the secret does not open", async () => {
    const name = await addClient();
    await owner.$executeRaw`UPDATE secret_field SET sealed = 'x' WHERE "secretId" = ${name} AND field = 'clientSecret'`;
    const before = tokens.asked();
    for (let tries = 0; tries < 3; tries += 1)
      expect(await ask(name)).toMatchObject({ status: 500, json: { error: { code: "cannot_open" } } });
    expect(tokens.asked()).toBe(before);
  });

  test("belongs to the current version: a replaced secret fetches its own", async () => {
    const name = await addClient(tokens.authUrl, ["wrong", clientSecret]);
    expect((await ask(name)).json).toMatchObject({ version: 2, token_type: "Bearer" });
  });

  test("is renewed before it expires, and not cached longer than its server allows", async () => {
    let bought = 0;
    const server = createServer((_request, response) => {
      bought += 1;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: `t${bought}`, token_type: "bearer", expires_in: 1 }));
    });
    const { port, close } = await listen(server);
    const name = await addClient(`http://127.0.0.1:${port}/token`);
    expect((await ask(name)).json.access_token).toBe("t1");
    expect((await ask(name)).json.access_token).toBe("t1");
    await expect
      .poll(async () => (await ask(name)).json.access_token, { interval: 200, timeout: 5_000 })
      .toBe("t2");
    await close();
  });

  test("that its server refuses causes a code from a closed list, and automate soon stops asking", async () => {
    const name = await addClient(tokens.authUrl, ["wrong"]);
    const before = tokens.asked();
    const codes = [];
    for (let tries = 0; tries < 4; tries += 1) {
      const { status, headers, json } = await ask(name);
      codes.push(
        `${status} ${json.error.code} ${headers["retry-after"] === undefined ? "" : "later"}`.trim(),
      );
    }
    expect(codes).toEqual([
      "502 rejected_credentials",
      "429 sign_in_paused later",
      "429 sign_in_paused later",
      "429 sign_in_paused later",
    ]);
    // One attempt sends the secret by both authentication methods and counts as two.
    expect(tokens.asked()).toBe(before + 2);
  });

  test.each([
    ["http://127.0.0.1:9/token", "connection_refused"],
    ["http://127.0.0.2:9/token", "connection_refused"],
    ["http://127.0.0.2:10/token", "address_refused"],
    ["http://127.0.0.2/token", "address_refused"],
    ["https://169.254.169.254/token", "address_refused"],
    ["https://nothing.invalid/token", "name_not_found"],
  ])("cannot be bought at %s: %s", async (authUrl, code) => {
    expect(await ask(await addClient(authUrl))).toMatchObject({ status: 502, json: { error: { code } } });
  });

  test.each([
    ["tls_untrusted", { names: ["127.0.0.1"] }],
    ["tls_expired", { names: ["127.0.0.1"], notAfter: new Date(Date.now() - 1000) }],
  ])("cannot be bought from a server whose certificate is %s", async (code, options) => {
    const authority = await createAuthority("Private");
    const certificate = await authority.issue(options);
    const server = await startTokenServer({ client: { clientId: "crm", clientSecret }, certificate });
    expect(await ask(await addClient(server.authUrl))).toMatchObject({
      status: 502,
      json: { error: { code } },
    });
    expect(server.asked()).toBe(0);
    await server.close();
  });

  test("can be bought behind a private authority that a connection chose, until somebody else replaces it", async () => {
    const authority = await createAuthority("Private");
    const certificate = await authority.issue({ names: ["127.0.0.1"] });
    const server = await startTokenServer({ client: { clientId: "crm", clientSecret }, certificate });
    const place = `oauth-token://127.0.0.1:${server.port}`;
    const name = await addClient(server.authUrl);
    const untrusted = await ask(name);
    expect(untrusted.json.error.code).toBe("tls_untrusted");
    expect(untrusted.json.error.message).toContain("choose its certificate in a REST API connection");
    const ca = await addAuthority("private_ca", authority.cert);
    const other = await addAuthority("other_ca", (await createAuthority("Other")).cert);
    const broken = await addAuthority("broken_ca", "no certificate");
    // Parsing thousands of certificates would stop automate for everyone.
    const crowd = await addAuthority("crowd_ca", authority.cert.repeat(301));
    await allow(name, ...[other, broken, crowd].map(({ id }) => `${place}?ca=${id}.1`));
    expect((await ask(name)).json.error.code).toBe("tls_untrusted");
    expect(server.asked()).toBe(0);
    await allow(name, `${place}?ca=${ca.id}.1`);

    const { status, json } = await ask(name);
    expect(status).toBe(200);
    expect(await server.isValid(json.access_token)).toBe(true);
    const use = { action: "secret.use", objectId: "private_ca" };
    const recorded = await owner.auditEvent.findMany({ where: use, select: { details: true } });
    expect(recorded).toEqual([
      {
        details: expect.objectContaining({ purpose: "authority", destination: [`${place}?ca=private_ca.1`] }),
      },
    ]);

    // Only an allowed certificate counts, also for a token that is already bought.
    await owner.allowedDestination.deleteMany({ where: { destination: `${place}?ca=private_ca.1` } });
    expect((await ask(name)).json.error.code).toBe("tls_untrusted");
    await allow(name, `${place}?ca=${ca.id}.1`);
    expect((await ask(name)).status).toBe(200);
    const { fabricId, admin } = fabric;
    const by = { createdById: admin.id, createdByName: admin.name };
    const version = { secretId: ca.id, fabricId, version: 2, manifest: { value: 2 }, metadata: {}, ...by };
    await owner.secretVersion.create({ data: version });
    expect((await ask(name)).json.error.code).toBe("tls_untrusted");
    await server.close();
  });

  test("that nobody gets is recorded as tried, never as handed out", async () => {
    const counts = async (name: string) => [
      await events("secret.token", name),
      await events("secret.use", name),
    ];
    const refused = await addClient(tokens.authUrl, ["wrong"]);
    const answers = await Promise.all([ask(refused), ask(refused)]);
    expect(answers.map(({ status }) => status)).toEqual([502, 502]);
    expect(await counts(refused)).toEqual([0, 1]);

    const damaged = await addClient();
    await owner.$executeRaw`UPDATE secret_field SET sealed = 'x' WHERE "secretId" = ${damaged}`;
    expect((await ask(damaged)).status).toBe(500);
    expect(await counts(damaged)).toEqual([0, 1]);

    const locked = await addClient();
    const requireUsable = () => Promise.reject(new KeyServiceFault("disabled", "The key is disabled."));
    const without = createRuntimeApp({ keys: { ...fabric.keys, requireUsable }, logger: false });
    expect((await ask(locked, undefined, pipeline, without)).status).toBe(503);
    await without.close();
    expect(await counts(locked)).toEqual([0, 0]);

    await storeReaders();
    const where = { secretId: { in: [refused, damaged, locked] } };
    expect(await owner.secretReader.count({ where })).toBe(0);
  });

  test("cannot be bought from a server that speaks no TLS", async () => {
    const authUrl = tokens.authUrl.replace("http:", "https:");
    const code = "tls_not_offered";
    expect(await ask(await addClient(authUrl))).toMatchObject({ status: 502, json: { error: { code } } });
  });

  test("is refused for another type, a missing name or a revoked token", async () => {
    const versions = [{ by: "user" as const, fields: { value: "x" } }];
    await addTestSecret(owner, fabric, urls.webUrl, { id: "plain", subKind: "text", versions });
    expect(await ask("plain")).toMatchObject({ status: 409, json: { error: { code: "wrong_type" } } });
    expect(await events("secret.refuse", "plain")).toBe(1);
    expect((await ask("nothing")).status).toBe(404);
    expect((await ask("plain", { force: true })).status).toBe(400);
    const name = await addClient();
    const revoked = await addToken();
    expect((await ask(name, undefined, revoked)).status).toBe(200);
    await owner.pipelineToken.updateMany({
      where: {
        name: "nightly",
        NOT: { id: (await owner.pipelineToken.findFirstOrThrow({ orderBy: { id: "asc" } })).id },
      },
      data: { revokedAt: new Date() },
    });
    expect((await ask(name, undefined, revoked)).status).toBe(401);
  });
});
