import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findMissing } from "@/automate/secrets/allowed-destinations";
import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

// The table of decision 16: which destinations a replacement keeps, by the person who replaces the value.

type Person = "admin" | "user";
const destination = "postgres://db.example.com:5432?tls=verify-full";
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let counter = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://127.0.0.1:3001" });
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

beforeEach(() => owner.destinationRule.deleteMany());

afterAll(async () => {
  await closeDb();
  await owner.$disconnect();
});

/** A secret that its author may send to `allowed`. */
async function addSecret(
  by: Person,
  subKind: "text" | "username_password" | "m2m_oauth",
  allowed = destination,
) {
  counter += 1;
  const fields = {
    text: { value: "v" },
    username_password: { username: "u", password: "p" },
    m2m_oauth: { clientId: "c", clientSecret: "s", authUrl: "https://idp.example/token" },
  }[subKind];
  const metadata = subKind === "m2m_oauth" ? { authHost: "idp.example:443" } : {};
  const versions = [{ by, fields }];
  const secret = await addTestSecret(owner, fabric, urls.webUrl, {
    id: `s${counter}`,
    subKind,
    versions,
    metadata,
  });
  await allow(secret, allowed);
  return secret;
}

async function allow({ id: secretId, version }: SecretWithAuthors, destination: string) {
  const { id: createdById, name: createdByName } = fabric.admin;
  const by = { fabricId: fabric.fabricId, createdById, createdByName };
  await owner.allowedDestination.create({ data: { ...by, secretId, version, destination } });
}

/**
 * A new version that sets `fields`, as web stores it. By default it keeps every destination of the former
 * version.
 */
async function replace(
  { id: secretId, version, manifest, metadata }: SecretWithAuthors,
  by: Person,
  fields: string[],
  keeps?: string[],
) {
  const next = version + 1;
  const former = await owner.allowedDestination.findMany({ where: { secretId, version } });
  const { id: createdById, name: createdByName } = fabric[by];
  await owner.secretVersion.create({
    data: {
      secretId,
      version: next,
      fabricId: fabric.fabricId,
      manifest: { ...manifest, ...Object.fromEntries(fields.map((field) => [field, next])) },
      metadata,
      keeps: keeps ?? former.map(({ id }) => id),
      createdById,
      createdByName,
    },
  });
  return current(secretId);
}

async function current(id: string): Promise<SecretWithAuthors> {
  const secret = await findSecretById({ fabricId: fabric.fabricId }, id);
  if (!secret) throw new Error("It is gone.");
  return secret;
}

/** Records that the Admin entered a version with an access token. */
function byToken(objectId: string, version: number, accessTokenId: string, at = new Date()) {
  const { id: actorId, name: actorName } = fabric.admin;
  return owner.auditEvent.create({
    data: {
      ...{ fabricId: fabric.fabricId, actorKind: "user", actorId, actorName, at },
      ...{ action: version === 1 ? "secret.create" : "secret.replace", objectKind: "secret", objectId },
      objectName: objectId,
      details: { accessToken: "script", accessTokenId, version },
    },
  });
}

/** Whether a connection may send all of these. */
async function mayGo(...sent: [secret: SecretWithAuthors, destination: string][]): Promise<boolean> {
  const missing = await findMissing(
    fabric.fabricId,
    sent.map(([secret, destination]) => ({ secret, destinations: [destination] })),
    "pipelines",
  );
  return missing.length === 0;
}

test("two replacements in a row keep the destinations, even when automate saw only the second", async () => {
  const first = await addSecret("admin", "text");
  const second = await replace(first, "admin", ["value"]);
  const retained = await owner.allowedDestination.findMany({ where: { secretId: first.id } });
  const third = await replace(
    second,
    "admin",
    ["value"],
    retained.map(({ id }) => id),
  );
  expect(await mayGo([third, destination])).toBe(true);
});

test("a replacement does not restore a destination that an intermediate version dropped", async () => {
  const first = await addSecret("admin", "text");
  const second = await replace(first, "user", ["value"], []);
  const retained = await owner.allowedDestination.findMany({ where: { secretId: first.id } });
  const third = await replace(
    second,
    "user",
    ["value"],
    retained.map(({ id }) => id),
  );
  expect(await mayGo([third, destination])).toBe(false);
});

test("a version stored while its predecessor is being settled is settled separately", async () => {
  const first = await addSecret("admin", "text");
  const second = await replace(first, "admin", ["value"]);
  const retained = await owner.allowedDestination.findMany({ where: { secretId: first.id } });
  const settling = await owner.$transaction(async (tx) => {
    // The settling transaction reads, then waits to write.
    await tx.$executeRaw`LOCK TABLE settled_version IN SHARE MODE`;
    const ofSecond = settleVersion(fabric.fabricId, second.id);
    await expect.poll(() => countWaiting(owner, "settled_version"), { timeout: 4_000 }).toBe(1);
    await replace(
      second,
      "admin",
      ["value"],
      retained.map(({ id }) => id),
    );
    return [ofSecond, settleVersion(fabric.fabricId, second.id)];
  });
  await Promise.all(settling);
  expect(await owner.allowedDestination.count({ where: { secretId: first.id, version: 3 } })).toBe(1);
});

test.each<[what: string, author: Person, replacer: Person, fields: string[], isKept: boolean]>([
  ["its author replaces all of it", "admin", "admin", ["username", "password"], true],
  ["its author replaces a part", "admin", "admin", ["password"], true],
  ["a colleague replaces all of it", "admin", "user", ["username", "password"], true],
  ["a colleague replaces a part", "admin", "user", ["password"], false],
  ["an Admin replaces a part of a User's", "user", "admin", ["username"], false],
])(
  "a confirmed destination stays allowed when %s: %s, %s, %s → %s",
  async (_what, author, replacer, fields, isKept) => {
    const secret = await addSecret(author, "username_password");
    const next = await replace(secret, replacer, fields);
    expect(await mayGo([next, destination])).toBe(isKept);
    const events = await owner.auditEvent.findMany({
      where: { objectId: secret.id, action: "destination.carry" },
    });
    expect(events.map(({ actorName }) => actorName)).toEqual(isKept ? [fabric[replacer].name] : []);
  },
);

test("a replacement keeps no unconfirmed destination and restores none that an Admin removed", async () => {
  const secret = await addSecret("admin", "text");
  expect(await mayGo([await replace(secret, "admin", ["value"], []), destination])).toBe(false);
  const retained = await replace(await addSecret("admin", "text"), "admin", ["value"]);
  expect(await mayGo([retained, destination])).toBe(true);
  await owner.allowedDestination.deleteMany({ where: { secretId: retained.id } });
  expect(await mayGo([retained, destination])).toBe(false);
});

test("twenty concurrent callers settle a version once, record it once, and none of them is refused", async () => {
  const secret = await replace(await addSecret("admin", "text"), "user", ["value"]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => mayGo([secret, destination])));
  expect(answers).toEqual(answers.map(() => true));
  expect(await owner.auditEvent.count({ where: { objectId: secret.id, action: "destination.carry" } })).toBe(
    1,
  );
});

test.each<[what: string, replacer: Person, fields: string[], isAllowed: boolean]>([
  ["a colleague who replaces the Auth URL alone", "user", ["authUrl"], false],
  ["a colleague who replaces all but the secret", "user", ["clientId", "authUrl"], false],
  ["a colleague who enters it whole", "user", ["clientId", "clientSecret", "authUrl"], true],
  ["its author who replaces the Auth URL alone", "admin", ["authUrl"], true],
])(
  "a token server is allowed with its secret by %s: %s, %s → %s",
  async (_what, replacer, fields, isAllowed) => {
    await owner.destinationRule.create({
      data: { fabricId: fabric.fabricId, rule: "locked", updatedByName: "" },
    });
    const secret = await addSecret("admin", "m2m_oauth");
    const next = await replace({ ...secret, metadata: { authHost: "theirs.example:443" } }, replacer, fields);
    expect(await mayGo([next, "oauth-token://theirs.example:443"])).toBe(isAllowed);
  },
);

test.each<[what: string, tokenId: string | null, minutesAgo: number, isAllowed: boolean]>([
  ["it entered the other fields nine minutes before", "script", 9, true],
  ["it entered them eleven minutes before", "script", 11, false],
  ["another token of the same name entered them", "other", 0, false],
  ["their author entered them in the app", null, 0, false],
])(
  "an access token that replaces an Auth URL, when %s: %s, %s → %s",
  async (_what, tokenId, minutesAgo, isAllowed) => {
    const secret = await addSecret("admin", "m2m_oauth");
    if (tokenId !== null) await byToken(secret.id, 1, tokenId, new Date(Date.now() - minutesAgo * 60_000));
    await byToken(secret.id, 2, "script");
    const moved = { ...secret, metadata: { authHost: "theirs.example:443" } };
    const next = await replace(moved, "admin", ["authUrl"]);
    expect(await mayGo([next, "oauth-token://theirs.example:443"])).toBe(isAllowed);
  },
);

const vouched = (authority: SecretWithAuthors) => `${destination}&ca=${authority.id}.${authority.version}`;

test.each<
  [what: string, passwordOf: Person, caOf: Person, replacer: Person, rule: "ask" | "locked", isKept: boolean]
>([
  ["its author renews it", "admin", "admin", "admin", "locked", true],
  ["its author renews it, for a colleague's password", "admin", "user", "user", "locked", true],
  ["a colleague replaces it, for the author's password", "admin", "admin", "user", "ask", false],
  ["a colleague replaces it, for their own password", "user", "admin", "user", "ask", true],
  ["a colleague replaces it, for their own password", "user", "admin", "user", "locked", false],
])(
  "a password stays allowed at a server behind a certificate authority when %s: %s, %s, %s, %s → %s",
  async (_what, passwordOf, caOf, replacer, rule, isKept) => {
    await owner.destinationRule.create({ data: { fabricId: fabric.fabricId, rule, updatedByName: "" } });
    const authority = await addSecret(caOf, "text");
    const password = await addSecret(passwordOf, "text", vouched(authority));
    expect(await mayGo([password, vouched(authority)], [authority, destination])).toBe(true);
    const next = await replace(authority, replacer, ["value"]);
    expect(await mayGo([password, vouched(next)], [next, destination])).toBe(isKept);
    // An attacker who entered their own certificate authority gains nothing when they renew it.
    const again = await replace(await current(authority.id), replacer, ["value"]);
    expect(await mayGo([password, vouched(again)], [again, destination])).toBe(isKept);
  },
);

test.each<[replacer: Person, isKept: boolean]>([
  ["admin", true],
  ["user", false],
])(
  "a client secret stays allowed at a token server behind a renewed certificate authority of an Admin, by %s: %s",
  async (replacer, isKept) => {
    const authority = await addSecret("admin", "text");
    const server = "oauth-token://idp.example:443";
    const client = await addSecret("admin", "m2m_oauth", `${server}?ca=${authority.id}.1`);
    const next = await replace(authority, replacer, ["value"]);
    await settleVersion(fabric.fabricId, authority.id);
    expect(await mayGo([client, `${server}?ca=${next.id}.2`])).toBe(isKept);
    const keptNothing = await replace(next, "admin", ["value"], []);
    await settleVersion(fabric.fabricId, authority.id);
    expect(await mayGo([client, `${server}?ca=${keptNothing.id}.3`])).toBe(false);
  },
);

test("a destination that an upgrade allowed still awaits review after the value is replaced", async () => {
  const secret = await addSecret("admin", "text");
  await owner.allowedDestination.updateMany({ where: { secretId: secret.id }, data: { toReview: "Orders" } });
  const next = await replace(secret, "user", ["value"]);
  expect(await mayGo([next, destination])).toBe(true);
  const rows = await owner.allowedDestination.findMany({ where: { secretId: secret.id, version: 2 } });
  expect(rows.map(({ toReview }) => toReview)).toEqual(["Orders"]);
});

test("a certificate authority and a password that its author renews together both stay allowed", async () => {
  const authority = await addSecret("admin", "text");
  const password = await addSecret("admin", "text", vouched(authority));
  const [ca, renewed] = [
    await replace(authority, "admin", ["value"]),
    await replace(password, "admin", ["value"]),
  ];
  expect(await mayGo([ca, destination], [renewed, vouched(ca)])).toBe(true);
});

/** Copies of a secret, each with its destinations and open requests. */
async function copy({ id, version }: SecretWithAuthors, count: number, by: Person): Promise<void> {
  const { id: createdById, name: createdByName } = fabric[by];
  await owner.$executeRaw`
    INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", "createdById", "createdByName", "updatedById", "updatedByName")
    SELECT ${id} || '-' || n, "fabricId", name || '-' || n, "nameKey" || '-' || n, "subKind", "createdById", "createdByName", "updatedById", "updatedByName"
    FROM secret, generate_series(1, ${count}::int) n WHERE id = ${id}`;
  await owner.$executeRaw`
    INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
    SELECT "secretId" || '-' || n, version, "fabricId", manifest, facts, ${createdById}, ${createdByName}
    FROM secret_version, generate_series(1, ${count}::int) n WHERE "secretId" = ${id} AND version = ${version}`;
  await owner.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "createdById", "createdByName", "toReview")
    SELECT id || '-' || n, "fabricId", "secretId" || '-' || n, version, destination, "createdById", "createdByName", "toReview"
    FROM allowed_destination, generate_series(1, ${count}::int) n WHERE "secretId" = ${id}`;
}

test.each<[what: string, copies: Person, replacer: Person, moved: number]>([
  ["its author renews it", "admin", "admin", 2_501],
  ["a colleague replaces it", "user", "user", 2_500],
])(
  "a certificate authority of 2,500 passwords settles at once when %s: %s, %s → %i",
  async (_what, copies, replacer, moved) => {
    const authority = await addSecret("admin", "text");
    const password = await addSecret("admin", "text", vouched(authority));
    await owner.allowedDestination.updateMany({
      where: { secretId: password.id },
      data: { toReview: "Orders" },
    });
    await copy(password, 2_500, copies);
    const next = await replace(authority, replacer, ["value"]);
    const fields = { fabricId: fabric.fabricId, destinations: [vouched(next)] };
    const request = await owner.destinationRequest.create({
      data: {
        ...fields,
        secretId: `${password.id}-7`,
        version: 1,
        configHash: "x",
        connectionName: "Orders",
        reason: "",
        askedById: "x",
        askedByName: "x",
      },
    });
    const startedAt = Date.now();
    expect(await mayGo([next, destination])).toBe(true);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    const rows = await owner.allowedDestination.findMany({ where: { destination: vouched(next) } });
    const { id: createdById, name: createdByName } = fabric[replacer];
    expect(rows).toHaveLength(moved);
    expect(rows[0]).toMatchObject({ version: 1, toReview: "Orders", createdById, createdByName });
    const events = await owner.auditEvent.findMany({
      where: { action: "destination.carry", objectId: { in: rows.map(({ secretId }) => secretId) } },
    });
    expect(new Set(events.map(({ objectId }) => objectId)).size).toBe(moved);
    expect(events[0]).toMatchObject({
      actorName: createdByName,
      details: { destination: [vouched(next)], version: 1 },
    });
    const answered = await owner.destinationRequest.findUniqueOrThrow({ where: { id: request.id } });
    expect(answered).toMatchObject({ decision: "allowed", decidedByName: createdByName });
  },
);

test("an access token that replaces a certificate authority keeps only the passwords that it entered recently", async () => {
  const authority = await addSecret("admin", "text");
  const passwords = {
    "entered in the app": await addSecret("admin", "text", vouched(authority)),
    "entered by the token": await addSecret("admin", "text", vouched(authority)),
    "entered by another token": await addSecret("admin", "text", vouched(authority)),
    "entered by the token long ago": await addSecret("admin", "text", vouched(authority)),
    "entered by a colleague": await addSecret("user", "text", vouched(authority)),
  };
  await byToken(passwords["entered by the token"].id, 1, "script");
  await byToken(passwords["entered by another token"].id, 1, "other");
  await byToken(passwords["entered by the token long ago"].id, 1, "script", new Date(Date.now() - 3_600_000));
  await byToken(authority.id, 2, "script");
  const next = await replace(authority, "admin", ["value"]);
  expect(await mayGo([next, destination])).toBe(true);
  const allowed = [];
  for (const [what, secret] of Object.entries(passwords))
    if (await mayGo([secret, vouched(next)])) allowed.push(what);
  expect(allowed).toEqual(["entered by the token"]);
});
