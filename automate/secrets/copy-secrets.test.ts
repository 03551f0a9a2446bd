import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createInternalApp } from "@/automate/app";
import { authorizeDestinations } from "@/automate/checks/authorize-destinations";
import { copySecrets } from "@/automate/secrets/copy-secrets";
import { openSecrets } from "@/automate/secrets/open-secret";
import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { authorize } from "@/lib/access/authorize";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
let owner: Db;
let urls: TestDatabase;
let webKey: string;
let internal: FastifyInstance;
let dev: TestFabric;
let prod: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, { AUTOMATE_URL: automateUrl });
  owner = createDb(urls.ownerUrl);
  const { keys } = await createTestFabric(owner, "keys");
  const noCheck = () => Promise.reject(new Error("No check runs here."));
  internal = createInternalApp({ keys, reach: noCheck, runPrepared: noCheck, logger: false });
});
beforeEach(async () => {
  dev = await createTestFabric(owner, "dev");
  prod = await createTestFabric(owner, "prod");
  await join(prod, dev.admin.id, "admin");
});
afterAll(async () => {
  await internal.close();
  await owner.$disconnect();
  await closeDb();
});

const join = ({ teamId }: TestFabric, userId: string, role: "admin" | "user") =>
  owner.membership.create({ data: { teamId, userId, role } });

const client = {
  clientId: "client-4c1a",
  clientSecret: "secret-4c1a",
  authUrl: "https://idp.example.com/token",
};

/** An M2M OAuth secret of dev's User, whose Client Secret was replaced once. */
function addClient(name = `client-${dev.fabricId}`) {
  return addTestSecret(owner, dev, urls.webUrl, {
    id: name,
    subKind: "m2m_oauth",
    metadata: { authHost: "idp.example.com:443" },
    versions: [
      { by: "user", fields: { ...client, clientSecret: "former" } },
      { by: "user", fields: { clientSecret: client.clientSecret } },
    ],
  });
}

async function copy(
  secrets: { secretId: string; name: string }[],
  { userId = dev.admin.id, claims = {} }: { userId?: string; claims?: Record<string, string | number> } = {},
) {
  const by = { userId, fabricId: prod.fabricId };
  const body = { fromFabricId: dev.fabricId, secrets };
  const request = await signRequest({ automateUrl, signingKey: webKey }, by, "secret:copy", body, claims);
  const answer = await internal.inject({
    method: "POST",
    url: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    payload: await request.text(),
  });
  return { status: answer.statusCode, json: answer.json() };
}

async function storedInProd() {
  const where = { fabricId: prod.fabricId };
  return [
    await owner.secret.count({ where }),
    await owner.secretName.count({ where }),
    await owner.secretField.count({ where }),
  ];
}
const eventsOf = async ({ fabricId }: TestFabric) =>
  (await owner.auditEvent.findMany({ where: { fabricId }, orderBy: { id: "asc" } })).map(
    ({ action, objectName, actorName, details }) => [action, objectName, actorName, details],
  );

test("an Admin of both fabrics copies the current value, which a pipeline of the other fabric reads", async () => {
  const source = await addClient();
  const { status, json } = await copy([{ secretId: source.id, name: "Billing" }]);
  expect([status, Object.keys(json.copies[0])]).toEqual([200, ["secretId", "copyId"]]);
  expect(JSON.stringify(json)).not.toMatch(/4c1a/);
  const secret = await findSecretById(prod, json.copies[0].copyId);
  if (!secret) throw new Error("not stored");
  expect(secret).toMatchObject({
    name: "Billing",
    subKind: "m2m_oauth",
    version: 1,
    metadata: source.metadata,
  });
  // So that the list of secrets sorts it by its last use.
  expect(await owner.secretUse.count({ where: { secretId: secret.id } })).toBe(1);
  const fields = Object.keys(client);
  const scope = prod.scope("pipeline", "secret:use");
  const [opened] = await openSecrets(prod.keys, {
    for: "pipeline",
    scope,
    source: "::1",
    openings: [{ secret, fields }],
  });
  expect(Object.fromEntries(fields.map((field) => [field, opened?.[field]?.revealText()]))).toEqual(client);
  const { name: devName } = await owner.fabric.findUniqueOrThrow({ where: { id: dev.fabricId } });
  const { name: prodName } = await owner.fabric.findUniqueOrThrow({ where: { id: prod.fabricId } });
  expect(await eventsOf(dev)).toEqual([
    ["secret.copy", source.name, "Ada Admin", { to: prodName, version: 2 }],
  ]);
  expect((await eventsOf(prod))[0]).toEqual([
    "secret.copied",
    "Billing",
    "Ada Admin",
    { from: devName, version: 2 },
  ]);
});

test("a copy has no destination and no author, so not even the person who copied it may send it anywhere as one", async () => {
  const source = await addClient();
  const destination = "postgres://db.example.com:5432";
  const by = { createdById: dev.user.id, createdByName: "Uri" };
  await owner.allowedDestination.create({
    data: { fabricId: dev.fabricId, secretId: source.id, version: 2, destination, ...by },
  });
  const { json } = await copy([{ secretId: source.id, name: "Billing" }]);
  const [{ copyId }] = json.copies;
  await settleVersion(prod.fabricId, copyId);
  expect(await owner.allowedDestination.count({ where: { secretId: copyId } })).toBe(0);
  const secret = await findSecretById(prod, copyId);
  if (!secret) throw new Error("not stored");
  expect([...secret.enteredBy]).toEqual([[1, ""]]);
  const stale = { ...dev.admin, authenticatedAt: new Date(0) };
  const scope = await authorize(stale, prod.fabricId, "connection:check");
  const openings = [
    { field: "password", opening: { secret, fields: [], destinations: [destination] as const } },
  ];
  const confirmation = { isConfirmed: true, reach: null };
  expect(await authorizeDestinations(scope, { openings }, confirmation)).toMatchObject({ state: "refused" });
});

test("only an Admin of both fabrics with a recent sign-in may copy, and never an access token", async () => {
  const { id: secretId } = await addClient();
  const wanted = [{ secretId, name: "Billing" }];
  const stale = { auth_time: Math.floor(Date.now() / 1000) - 11 * 60 };
  const byToken = { ...stale, access_token: "scripts", access_token_id: "t1" };
  await join(prod, dev.user.id, "admin");
  await join(dev, prod.user.id, "admin");
  const statuses = [
    await copy(wanted, { claims: stale }),
    await copy(wanted, { claims: byToken }),
    // Admin there, User here.
    await copy(wanted, { userId: dev.user.id }),
    // User there, Admin here.
    await copy(wanted, { userId: prod.user.id }),
    // A stranger in dev.
    await copy(wanted, { userId: prod.admin.id }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([403, 403, 403, 403, 404]);
  expect(await storedInProd()).toEqual([0, 0, 0]);
  expect((await eventsOf(dev)).filter(([action]) => action === "secret.copy")).toEqual([]);
});

test("several values are copied together, or none: a taken name, a missing secret and a broken value are named", async () => {
  const one = await addClient();
  const two = await addClient(`other-${dev.fabricId}`);
  const wanted = [
    { secretId: one.id, name: "a" },
    { secretId: two.id, name: "b" },
  ];
  await addTestSecret(owner, prod, urls.webUrl, {
    id: `x-${prod.fabricId}`,
    name: "B",
    subKind: "text",
    versions: [{ by: "user", fields: { value: "x" } }],
  });
  expect((await copy(wanted)).json).toEqual({ problem: "name_taken", name: "B" });
  expect(await storedInProd()).toEqual([1, 1, 1]);
  const twice = wanted.map(({ secretId }) => ({ secretId, name: "same" }));
  expect((await copy(twice)).json).toEqual({ problem: "name_taken", name: "same" });
  const missing = [...wanted, { secretId: "gone", name: "c" }];
  expect((await copy(missing)).json).toEqual({ problem: "not_found", name: "c" });
  // The value of another field in its place.
  const { sealed } = await owner.secretField.findFirstOrThrow({
    where: { secretId: two.id, field: "clientId" },
    select: { sealed: true },
  });
  await owner.secretField.updateMany({ where: { secretId: two.id, field: "authUrl" }, data: { sealed } });
  expect(
    (
      await copy([
        { secretId: one.id, name: "a" },
        { secretId: two.id, name: "c" },
      ])
    ).json,
  ).toEqual({
    problem: "cannot_open",
    name: two.name,
  });
  expect((await eventsOf(dev)).at(-1)).toEqual([
    "secret.alarm",
    two.name,
    "Ada Admin",
    { code: "cannot_open", field: "authUrl", version: 1 },
  ]);
  expect(await storedInProd()).toEqual([1, 1, 1]);
});

test("a secret that is deleted at the same moment is not copied", async () => {
  const { id: secretId } = await addClient();
  const scope = await authorize(dev.admin, dev.fabricId, "secret:copy");
  const to = { scope: await authorize(dev.admin, prod.fabricId, "secret:copy"), name: "prod" };
  const requireUsable = () =>
    owner.secret.update({ where: { id: secretId }, data: { deletedAt: new Date() } }).then(() => undefined);
  const copied = copySecrets({ ...dev.keys, requireUsable }, { scope, name: "dev" }, to, [
    { secretId, name: "Billing" },
  ]);
  await expect(copied).rejects.toMatchObject({ problem: "not_found", secretName: "Billing" });
  expect(await storedInProd()).toEqual([0, 0, 0]);
});

test("a value whose event cannot be recorded is not opened", async () => {
  const { id: secretId } = await addClient();
  await owner.$executeRawUnsafe(
    `CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  );
  await owner.$executeRawUnsafe(
    `CREATE TRIGGER swallow BEFORE INSERT ON audit_event FOR EACH ROW WHEN (NEW.action = 'secret.copy') EXECUTE FUNCTION swallow()`,
  );
  try {
    expect((await copy([{ secretId, name: "a" }])).status).toBe(500);
    expect(await storedInProd()).toEqual([0, 0, 0]);
  } finally {
    await owner.$executeRawUnsafe(`DROP TRIGGER swallow ON audit_event; `);
    await owner.$executeRawUnsafe(`DROP FUNCTION swallow()`);
  }
});

test("a copy takes the name of a secret in the trash", async () => {
  const source = await addClient();
  const [copied, deleted] = ["Billing", "billing"];
  const { json } = await copy([{ secretId: source.id, name: deleted }]);
  const former = { id: json.copies[0].copyId };
  await owner.secret.update({ where: former, data: { deletedAt: new Date() } });
  const again = await copy([{ secretId: source.id, name: copied }]);
  expect(again.status).toBe(200);
  const names = await owner.secretName.findMany({ where: { fabricId: prod.fabricId } });
  expect(names).toMatchObject([{ name: copied, secretId: again.json.copies[0].copyId }]);
});
