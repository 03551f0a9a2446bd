import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { applyDataSteps } from "@/prisma/migrate/data-steps";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

let owner: Db;
let client: Client;
let fabric: TestFabric;
let app: ReturnType<typeof createRuntimeApp>;
let token: string;
let webUrl: string;
const value = "canary-77aa01";

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://automate.test" });
  webUrl = urls.webUrl;
  owner = createDb(urls.ownerUrl);
  client = new Client({ connectionString: urls.ownerUrl });
  await client.connect();
  fabric = await createTestFabric(owner);
  const secrets = [
    { id: "password", subKind: "text", by: "admin", fields: { value }, metadata: {} },
    {
      id: "client",
      subKind: "m2m_oauth",
      by: "admin",
      fields: { clientId: "c", clientSecret: value, authUrl: "https://idp.example/token" },
      metadata: { authHost: "idp.example:443" },
    },
  ] as const;
  for (const { id, subKind, by, fields, metadata } of secrets)
    await addTestSecret(owner, fabric, urls.webUrl, { id, subKind, versions: [{ by, fields }], metadata });
  // Somebody replaced a field, so the version keeps no destination automatically.
  const { id: createdById, name: createdByName } = fabric.user;
  const manifest = { clientId: 2, clientSecret: 1, authUrl: 1 };
  const next = { secretId: "client", version: 2, fabricId: fabric.fabricId, createdById, createdByName };
  await owner.secretVersion.create({
    data: { ...next, manifest, metadata: { authHost: "idp.example:443" } },
  });
  for (const name of ["Orders", "Stock", "Returns", "Sales", "Costs"]) await addConnection(name, "password");
  await addConnection("Broken", "password", { server: "" });
  const pipelineToken = newPipelineToken();
  token = pipelineToken.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: pipelineToken.tokenHash, ...by },
  });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  await client.end();
  await closeDb();
  await owner.$disconnect();
});

async function addConnection(
  name: string,
  secretId: string,
  more = {},
  { kind = "postgres", field = "password" } = {},
) {
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const properties = { server: "db.example.com", port: "5432", database: "sales", username: "svc", ...more };
  const row = { id: name, fabricId, name, nameKey: name.toLowerCase(), kind, configHash: name };
  await owner.connection.create({ data: { ...row, properties, ...by } });
  await owner.connectionSecret.create({
    data: { connectionId: name, field, secretId, fabricId },
  });
}

const read = async (name: string) =>
  (await app.inject({ url: `/v1/connections/${name}`, headers: { authorization: `Bearer ${token}` } }))
    .statusCode;

const events = () =>
  owner.auditEvent.findMany({
    where: { action: "destination.allow", actorId: "upgrade" },
    orderBy: { objectId: "asc" },
  });

test("an upgrade allows the current destinations of connections and token servers once, records it, and asks Admins to review", async () => {
  // The state before the upgrade.
  await client.query("DELETE FROM data_step");
  expect(await read("Orders")).toBe(409);
  const destinations = {
    password: "postgres://db.example.com:5432?tls=verify-full",
    client: "oauth-token://idp.example:443",
  };
  const allowed = () =>
    owner.allowedDestination.findMany({
      orderBy: { secretId: "asc" },
      select: { secretId: true, version: true, destination: true, createdByName: true, toReview: true },
    });

  // A run killed in the middle allows nothing, and the next run completes.
  await client.query(
    `CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$`,
  );
  await client.query(`CREATE TRIGGER stop BEFORE INSERT ON audit_event FOR EACH ROW
    WHEN (NEW."objectId" = 'client') EXECUTE FUNCTION stop()`);
  await expect(applyDataSteps(client)).rejects.toThrow("killed");
  expect([(await allowed()).length, (await events()).length]).toEqual([0, 0]);
  await client.query("DROP FUNCTION stop CASCADE");

  expect(await applyDataSteps(client)).toEqual([
    "allow_present_destinations",
    "note_past_readers",
    "note_past_uses",
    "index_access_tokens",
  ]);
  expect(await allowed()).toEqual([
    {
      secretId: "client",
      version: 2,
      destination: destinations.client,
      createdByName: "Selvage",
      toReview: "",
    },
    {
      secretId: "password",
      version: 1,
      destination: destinations.password,
      createdByName: "Selvage",
      toReview: "Costs, Orders, Returns and 2 more",
    },
  ]);
  expect(await events()).toMatchObject([
    {
      objectName: "client",
      actorName: "Selvage",
      details: { destination: [destinations.client], reason: "upgrade" },
    },
    {
      objectName: "password",
      actorName: "Selvage",
      details: { destination: [destinations.password], version: 1 },
    },
  ]);
  expect([await read("Orders"), await read("Stock")]).toEqual([200, 200]);

  // The step is idempotent: it leaves later additions and removals alone.
  await owner.allowedDestination.deleteMany({ where: { secretId: "password" } });
  expect(await applyDataSteps(client)).toEqual([]);
  expect(await read("Orders")).toBe(409);
  // A second run does not change existing rows.
  await client.query("DELETE FROM data_step");
  await applyDataSteps(client);
  expect((await events()).map(({ objectId }) => objectId)).toEqual(["client", "password", "password"]);
});

test("an upgrade narrows a destination for a value that a connection only proves and never sends", async () => {
  const { fabricId, admin } = fabric;
  await addTestSecret(owner, fabric, webUrl, {
    id: "key",
    subKind: "text",
    versions: [{ by: "admin", fields: { value } }],
    metadata: {},
  });
  const sftp = { host: "files.example.com", port: 22, hostKeyFingerprint: `SHA256:${"a".repeat(43)}` };
  const byKey = { ...sftp, authMethod: "private_key" };
  await addConnection("Files", "key", byKey, { kind: "sftp", field: "privateKey" });
  const destination = `sftp://files.example.com:22?hostkey=${sftp.hostKeyFingerprint}`;
  const by = { createdById: admin.id, createdByName: admin.name };
  const allowed = async () =>
    (await owner.allowedDestination.findMany({ where: { secretId: "key" } })).map(
      (row) => `${row.destination} by ${row.createdByName}${row.toReview === null ? "" : " to review"}`,
    );
  const upgrade = async () => {
    await owner.allowedDestination.deleteMany({ where: { secretId: "key" } });
    await owner.allowedDestination.create({
      data: { fabricId, secretId: "key", version: 1, destination, ...by },
    });
    await client.query("DELETE FROM data_step");
    await applyDataSteps(client);
    return allowed();
  };
  expect(await upgrade()).toEqual([`${destination}&proved by ${admin.name}`]);
  expect(await read("Files")).toBe(200);
  const where = { action: "destination.remove", objectId: "key" };
  expect((await owner.auditEvent.findMany({ where })).map(({ details }) => details)).toMatchObject([
    { destination: [destination], reason: "upgrade" },
  ]);
  await addConnection("Files by password", "key", sftp, { kind: "sftp" });
  expect((await upgrade()).sort()).toEqual([
    `${destination} by ${admin.name}`,
    `${destination}&proved by Selvage to review`,
  ]);
});

test("an upgrade knows the pipelines that read a secret in the last hundred days", async () => {
  const { fabricId, admin } = fabric;
  const secret = { id: "read", subKind: "text", versions: [{ by: "admin" as const, fields: { value } }] };
  await addTestSecret(owner, fabric, webUrl, secret);
  const pipeline = { kind: "pipeline", id: "t1", name: "Nightly" };
  const events: [string, object, { kind: string; id: string; name: string }, string][] = [
    ["secret.use", { purpose: "pipeline", version: 1, name: "read" }, pipeline, "3 days"],
    ["secret.use", { purpose: "pipeline", version: 2, name: "read" }, pipeline, "2 days"],
    ["secret.unchanged", { version: 2, name: "read", count: 40 }, pipeline, "1 day"],
    [
      "secret.use",
      { purpose: "connection", version: 1, name: "read", connection: "Orders" },
      pipeline,
      "4 days",
    ],
    ["secret.use", { purpose: "token", version: 1, name: "read" }, { ...pipeline, id: "buys" }, "1 day"],
    ["secret.token", { version: 1, name: "former" }, { ...pipeline, id: "t2" }, "1 day"],
    ["secret.use", { purpose: "check", version: 1, name: "read", connection: "Orders" }, admin, "1 day"],
    ["secret.use", { purpose: "pipeline", version: 1, name: "read" }, { ...pipeline, id: "old" }, "101 days"],
  ];
  for (const [n, [action, details, actor, ago]] of events.entries())
    await client.query(
      `INSERT INTO audit_event (id, at, "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
       VALUES ($1, now() - $2::interval, $3, $4, $5, $6, $7, 'secret', 'read', 'read', $8)`,
      [`past-${n}`, ago, fabricId, actor.kind, actor.id, actor.name, action, details],
    );
  const readers = async () => {
    await client.query("DELETE FROM data_step");
    await applyDataSteps(client);
    const rows = await owner.secretReader.findMany({
      where: { secretId: "read" },
      orderBy: [{ readerId: "asc" }, { connection: "asc" }],
    });
    return rows.map(({ readerId, connection, name, lastVersion, reads }) =>
      [readerId, connection, name, lastVersion, reads].join(" | "),
    );
  };
  const expected = ["t1 |  | read | 2 | 42", "t1 | Orders |  | 1 | 1", "t2 |  | former | 1 | 1"];
  expect(await readers()).toEqual(expected);
  expect(await readers()).toEqual(expected);

  const daysAgo = (at: Date | null) => at && Math.round((Date.now() - at.getTime()) / 86_400_000);
  const byName = { secretId: "read", readerId: "t1", connection: "" };
  expect(daysAgo((await owner.secretReader.findFirstOrThrow({ where: byName })).firstReadAt)).toBe(3);
  const days = await owner.secretReadDay.findMany({ where: { secretId: "read" }, orderBy: { day: "asc" } });
  expect(days.map(({ reads }) => Number(reads))).toEqual([1, 1, 1, 41]);
  const use = await owner.secretUse.findUniqueOrThrow({ where: { secretId: "read" } });
  expect([use.isUsed, daysAgo(use.idleSince)]).toEqual([true, 1]);
});

test("an upgrade knows which secrets were never used, which were replaced, and which connections fail", async () => {
  const { fabricId } = fabric;
  const versions = [{ by: "admin" as const, fields: { value } }];
  await addTestSecret(owner, fabric, webUrl, { id: "idle", subKind: "text", versions });
  await addTestSecret(owner, fabric, webUrl, {
    id: "replaced",
    subKind: "text",
    versions: [...versions, ...versions],
  });
  await owner.secretUse.deleteMany({});
  await owner.failingCheck.deleteMany({});
  const check = { fabricId, durationMs: 1, actorId: "automate", actorName: "Automate", versions: {} };
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  await owner.connectionCheck.createMany({
    data: [
      { ...check, configHash: "Orders", ok: true, checkedAt: at(9) },
      { ...check, configHash: "Orders", ok: false, code: "unreachable", checkedAt: at(8) },
      { ...check, configHash: "Orders", ok: false, code: "busy", checkedAt: at(7) },
      { ...check, configHash: "Stock", ok: false, code: "unreachable", checkedAt: at(9) },
      { ...check, configHash: "Stock", ok: true, checkedAt: at(8) },
      { ...check, configHash: "of no connection", ok: false, code: "unreachable", checkedAt: at(8) },
    ],
  });
  await client.query("DELETE FROM data_step");
  await applyDataSteps(client);
  expect(await owner.failingCheck.findMany({ select: { configHash: true, code: true } })).toEqual([
    { configHash: "Orders", code: "unreachable" },
  ]);
  const idle = await owner.secret.findUniqueOrThrow({ where: { id: "idle" }, include: { use: true } });
  expect(idle.use).toMatchObject({ isUsed: false, idleSince: idle.createdAt });
  const replaced = await owner.secret.findMany({ where: { isReplaced: true }, orderBy: { id: "asc" } });
  expect(replaced.map(({ id }) => id)).toEqual(["client", "replaced"]);
});

test.runIf(process.env.RUN_LONG)(
  "an upgrade of ten thousand connections takes seconds, not minutes",
  async () => {
    const { fabricId, user } = fabric;
    await client.query(
      `INSERT INTO connection (id, "fabricId", name, "nameKey", kind, properties, "configHash", "createdById", "createdByName", "updatedById", "updatedByName")
     SELECT 'bulk' || n, $1, 'bulk' || n, 'bulk' || n, 'postgres',
       jsonb_build_object('server', 'db' || n || '.example.com', 'port', '5432', 'database', 'd', 'username', 'u'), 'h' || n, $2, 'x', $2, 'x'
     FROM generate_series(1, 10000) AS n`,
      [fabricId, user.id],
    );
    await client.query(
      `INSERT INTO connection_secret ("connectionId", field, "secretId", "fabricId")
     SELECT 'bulk' || n, 'password', 'password', $1 FROM generate_series(1, 10000) AS n`,
      [fabricId],
    );
    await client.query("DELETE FROM data_step");
    const startedAt = performance.now();
    await applyDataSteps(client);
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(await owner.allowedDestination.count({ where: { destination: { contains: "//db" } } })).toBe(
      10_001,
    );
  },
  90_000,
);
