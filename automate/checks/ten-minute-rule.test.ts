import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { authorizeDestinations } from "@/automate/checks/authorize-destinations";
import { findSecretById } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

// A script creates a secret, then a connection, with one access token. Each row of the table breaks one condition.

const host = "postgres://db.example.com:5432?tls=verify-full";
const slowMachine = { timeout: 20_000 };
const tokens = { own: { id: "t1", name: "scripts" }, other: { id: "t2", name: "scripts" } };
let owner: Db;
let webUrl: string;
let fabric: TestFabric;
let elsewhere: TestFabric;
let id: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://127.0.0.1:3001" });
  const urls = await createTestDatabase("automate");
  webUrl = urls.webUrl;
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  elsewhere = await createTestFabric(owner, "elsewhere");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

let count = 0;
beforeEach(async () => {
  await owner.destinationRule.deleteMany();
  id = await create();
});

/** Null for the person in the app. */
type Token = (typeof tokens)["own"] | null;
const actorOf = (accessToken: Token): Actor & { kind: "user" } =>
  accessToken ? { ...fabric.user, authenticatedAt: new Date(0), accessToken } : fabric.user;

/** A secret whose two fields this token, or the person in the app, entered. */
async function create(token: Token = tokens.own, by: "user" | "admin" = "user"): Promise<string> {
  count += 1;
  const name = `secret_${count}`;
  const fields = { username: "u", password: "p" };
  await addTestSecret(owner, fabric, webUrl, {
    id: name,
    subKind: "username_password",
    versions: [{ by, fields }],
  });
  await recordEntry(name, "secret.create", token, {}, by);
  return name;
}

async function recordEntry(
  secretId: string,
  action: "secret.create" | "secret.replace",
  token: Token,
  details = {},
  by: "user" | "admin" = "user",
): Promise<void> {
  const { fabricId, teamId } = fabric;
  const actor = by === "user" ? actorOf(token) : fabric.admin;
  const object = { kind: "secret" as const, id: secretId, name: secretId };
  await record(owner, { actor, fabricId, teamId, action, object, details });
}

/** A second version that sets these fields. */
async function replace(manifest: Record<string, number>, token: Token = tokens.own): Promise<void> {
  const { fabricId, user } = fabric;
  const by = { createdById: user.id, createdByName: user.name };
  await owner.secretVersion.create({
    data: { secretId: id, version: 2, fabricId, manifest, metadata: {}, ...by },
  });
  await recordEntry(id, "secret.replace", token, { version: 2 });
}

type Settings = { server?: string; secretId?: string; field?: string; where?: TestFabric };

/** A stored connection that refers to the secret. */
async function connect({
  server = "db.example.com",
  secretId = id,
  field = "password",
  where = fabric,
}: Settings = {}): Promise<string> {
  count += 1;
  const connectionId = `Connection ${count}`;
  const { fabricId, user } = where;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const row = { id: connectionId, fabricId, name: connectionId, nameKey: connectionId, kind: "postgres" };
  const properties = { server, port: "5432", database: "d", username: "u" };
  await owner.connection.create({ data: { ...row, properties, configHash: connectionId, ...by } });
  await owner.connectionSecret.create({ data: { connectionId, field, secretId, fabricId } });
  return connectionId;
}

type Request = { token?: Token; connectionId?: string; destination?: string; secretIds?: string[] };

/** Asks for the destination as web does after it stored a connection. */
async function ask({ token = tokens.own, connectionId, destination = host, secretIds = [id] }: Request) {
  const openings = [];
  for (const secretId of secretIds) {
    const secret = await findSecretById(fabric, secretId);
    if (!secret) throw new Error("Missing.");
    openings.push({
      field: "password",
      opening: { secret, fields: [], destinations: [destination] as const },
    });
  }
  const scope: Scope<"connection:check"> = {
    ...fabric.scope("user", "connection:check"),
    actor: actorOf(token),
  };
  return (await authorizeDestinations(scope, { openings }, { isConfirmed: true, connectionId, reach: null }))
    .state;
}

const allowed = async () =>
  (await owner.allowedDestination.findMany({ where: { secretId: id } })).map(
    ({ destination }) => destination,
  );
const by = () => ({ createdById: fabric.user.id, createdByName: fabric.user.name });
const allow = (destination: string, version = 1) =>
  owner.allowedDestination.create({
    data: { fabricId: fabric.fabricId, secretId: id, version, destination, ...by() },
  });
const age = (minutes: number) =>
  owner.auditEvent.updateMany({
    where: { objectId: id },
    data: { at: new Date(Date.now() - minutes * 60_000) },
  });

test("a token that entered the whole value allows the destinations of one connection, on record", async () => {
  const connectionId = await connect();
  await age(9);
  expect(await ask({ connectionId })).toBe("allowed");
  expect(await allowed()).toEqual([host]);
  const where = { objectId: id, action: "destination.allow" };
  expect(await owner.auditEvent.findMany({ where })).toMatchObject([
    {
      actorId: fabric.user.id,
      objectName: id,
      details: {
        accessToken: "scripts",
        accessTokenId: "t1",
        connection: connectionId,
        destination: [host],
        version: 1,
        reason: "token",
      },
    },
  ]);
});

type State = Awaited<ReturnType<typeof ask>>;
const attacks: [string, () => Promise<State>, State?][] = [
  [
    "after ten minutes",
    async () => {
      const connectionId = await connect();
      await age(11);
      return ask({ connectionId });
    },
  ],
  [
    "with another token of the same person",
    async () => ask({ token: tokens.other, connectionId: await connect() }),
  ],
  [
    "for a value that its owner entered in the app",
    async () => {
      id = await create(null);
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "for a value that a colleague entered",
    async () => {
      id = await create(null, "admin");
      return ask({ connectionId: await connect() });
    },
    "refused",
  ],
  [
    "for a value of which it replaced one field",
    async () => {
      id = await create(null);
      await replace({ username: 1, password: 2 });
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "for a value of which it replaced one field of its own",
    async () => {
      await replace({ username: 1, password: 2 });
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "for a value that its owner replaced in the app since",
    async () => {
      await replace({ username: 2, password: 2 }, null);
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "for a version that keeps a destination",
    async () => {
      await allow("postgres://kept.example.com:5432?tls=verify-full");
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "for a second connection",
    async () => {
      await ask({ connectionId: await connect() });
      const connectionId = await connect({ server: "second.example.com" });
      return ask({ connectionId, destination: "postgres://second.example.com:5432?tls=verify-full" });
    },
  ],
  [
    "after an Admin removed the destination",
    async () => {
      const removed = { secretId: id, version: 1, fabricId: fabric.fabricId, removedAt: new Date() };
      await owner.settledVersion.create({ data: removed });
      return ask({ connectionId: await connect() });
    },
  ],
  [
    "in a locked fabric",
    async () => {
      const { fabricId } = fabric;
      await owner.destinationRule.create({ data: { fabricId, rule: "locked", updatedByName: "x" } });
      return ask({ connectionId: await connect() });
    },
    "refused",
  ],
  ["without a connection, as for a check", async () => ask({})],
  ["for a connection that is not stored", async () => ask({ connectionId: "none" })],
  ["for another fabric's connection", async () => ask({ connectionId: await connect({ where: elsewhere }) })],
  [
    "for a connection that sends another secret",
    async () => ask({ connectionId: await connect({ secretId: await create() }) }),
  ],
  [
    "for a connection that leads elsewhere",
    async () => ask({ connectionId: await connect({ server: "other.example.com" }) }),
  ],
  [
    "for a connection that uses the secret as a CA certificate",
    async () => ask({ connectionId: await connect({ field: "caCertificate" }) }),
  ],
];

test.each(attacks)("a token allows nothing %s", async (_what, attack, expected = "unconfirmed") => {
  const before = async () => owner.allowedDestination.count({ where: { destination: host, secretId: id } });
  expect(await attack()).toBe(expected);
  expect(await before()).toBe(_what === "for a second connection" ? 1 : 0);
});

test("of two connections at once, one is allowed", async () => {
  const servers = ["one.example.com", "two.example.com"];
  const requests = await Promise.all(
    servers.map(async (server) => ({
      connectionId: await connect({ server }),
      destination: `postgres://${server}:5432?tls=verify-full`,
    })),
  );
  const settled = { secretId: id, version: 1 };
  await owner.settledVersion.create({ data: { ...settled, fabricId: fabric.fabricId } });
  // Both have begun before one can decide.
  const answers = await owner.$transaction(async (locking) => {
    await locking.settledVersion.update({ where: { secretId_version: settled }, data: { removedAt: null } });
    const asked = Promise.all(requests.map(ask));
    await expect.poll(() => countWaiting(owner, `FROM settled_version`), { timeout: 10_000 }).toBe(2);
    return { asked };
  }, slowMachine);
  expect((await answers.asked).sort()).toEqual(["allowed", "unconfirmed"]);
  expect(await allowed()).toHaveLength(1);
});

test("one value that the token did not enter keeps it from allowing the others", async () => {
  const theirs = await create(null);
  const connectionId = await connect();
  await owner.connectionSecret.create({
    data: { connectionId, field: "caCertificate", secretId: theirs, fabricId: fabric.fabricId },
  });
  expect(await ask({ connectionId, secretIds: [id, theirs] })).toBe("unconfirmed");
  expect(await allowed()).toEqual([]);
});

test("automate's own clock decides nothing", async () => {
  const connectionId = await connect();
  await age(11);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 5 * 60_000 });
  try {
    expect(await ask({ connectionId })).toBe("unconfirmed");
  } finally {
    vi.useRealTimers();
  }
});

test("the token server that a secret itself names does not count as allowed before", async () => {
  await owner.secretVersion.updateMany({
    where: { secretId: id },
    data: { metadata: { authHost: "idp.example.com:443" } },
  });
  await allow("oauth-token://idp.example.com:443");
  expect(await ask({ connectionId: await connect() })).toBe("allowed");
});

test("a person in the app is not limited to one connection", async () => {
  const first = await connect();
  const second = await connect({ server: "second.example.com" });
  const destination = "postgres://second.example.com:5432?tls=verify-full";
  expect(await ask({ token: null, connectionId: first })).toBe("allowed");
  expect(await ask({ token: null, connectionId: second, destination })).toBe("allowed");
});
