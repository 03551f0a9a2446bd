import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discardCandidate } from "@/automate/candidates/close-candidates";
import { promoteCandidate } from "@/automate/candidates/promote";
import { undoReplacement } from "@/automate/candidates/undo";
import { purge } from "@/automate/purge";
import { tokenOfVersion } from "@/automate/secrets/entered-recently";
import { openSecrets } from "@/automate/secrets/open-secret";
import { isEnteredOnlyBy, settleCandidate } from "@/automate/secrets/settle-version";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { record } from "@/lib/audit/record";
import { candidatePrefix } from "@/lib/candidates/schema";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { addTestCandidate } from "@/testing/candidates";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

const destination = "postgres://db.example.com:5432?tls=verify-full";
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await closeDb();
  await owner.$disconnect();
});

let count = 0;

/** A secret of the User that may be sent to `destination`, with a candidate of theirs. */
async function given({
  fields = { value: "next" } as Record<string, string>,
  subKind = "text",
  former = { value: "former" } as Record<string, string>,
} = {}) {
  count += 1;
  const id = `s${count}`;
  const versions = [{ by: "user" as const, fields: former }];
  const secret = await addTestSecret(owner, fabric, urls.webUrl, { id, subKind, versions });
  await allow(secret, destination);
  const candidate = await addTestCandidate(owner, fabric, urls.webUrl, secret, { by: "user", fields });
  return { secret, candidate, number: -candidate.version };
}

async function allow({ id: secretId, version }: SecretWithAuthors, key: string) {
  const { id: createdById, name: createdByName } = fabric.admin;
  const by = { fabricId: fabric.fabricId, createdById, createdByName };
  await owner.allowedDestination.create({ data: { ...by, secretId, version, destination: key } });
}

const scope = (role: "user" | "admin" = "user") => fabric.scope(role, "secret:write");
const promote = (secretId: string, number: number, role: "user" | "admin" = "user") =>
  promoteCandidate(scope(role), { secretId, number, accepted: [] });
const current = async (id: string) => {
  const secret = await findSecretById(fabric, id);
  if (!secret) throw new Error("Gone.");
  return secret;
};

async function valuesOf(id: string) {
  const secret = await current(id);
  const openings = [{ secret, fields: Object.keys(secret.manifest) }];
  const pipeline = fabric.scope("pipeline", "secret:use");
  const [opened = {}] = await openSecrets(fabric.keys, {
    for: "pipeline",
    scope: pipeline,
    source: "test",
    openings,
  });
  return Object.fromEntries(Object.entries(opened).map(([field, value]) => [field, value.revealText()]));
}

const destinationsOf = async (secretId: string) =>
  (await owner.allowedDestination.findMany({ where: { secretId }, orderBy: { version: "asc" } })).map(
    ({ version, destination: key }) => [version, key],
  );

/** Every row about a secret, as text. */
async function rowsOf(secretId: string) {
  const where = { where: { secretId } };
  return JSON.stringify([
    await owner.secret.findMany({ where: { id: secretId } }),
    await owner.secretVersion.findMany({ ...where, orderBy: { version: "asc" } }),
    await owner.secretField.findMany({ ...where, orderBy: { version: "asc" }, omit: { sealed: false } }),
    await owner.secretCandidate.findMany(where),
    await owner.settledVersion.findMany({ ...where, orderBy: { version: "asc" } }),
    await owner.allowedDestination.findMany({ ...where, orderBy: { id: "asc" } }),
    await owner.auditEvent.findMany({
      where: { objectId: secretId, action: { startsWith: "secret." } },
      orderBy: { id: "asc" },
    }),
  ]);
}

/** Runs `act` while every write of this kind fails in the database, as if the program had been killed there. */
async function whileFailing(verb: string, table: string, act: () => Promise<unknown>): Promise<unknown> {
  await owner.$executeRawUnsafe(
    `CREATE OR REPLACE FUNCTION fail_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed here'; END $$`,
  );
  await owner.$executeRawUnsafe(
    `CREATE TRIGGER fail_now BEFORE ${verb} ON "${table}" FOR EACH ROW EXECUTE FUNCTION fail_now()`,
  );
  try {
    return await act().catch(() => "failed");
  } finally {
    await owner.$executeRawUnsafe(`DROP TRIGGER fail_now ON "${table}"`);
  }
}

describe("an act that is interrupted at any step changes nothing, and can be repeated", () => {
  const steps: [string, [verb: string, table: string][]][] = [
    [
      "promote",
      [
        ["INSERT", "secret_version"],
        ["INSERT", "settled_version"],
        ["UPDATE", "secret"],
        ["UPDATE", "allowed_destination"],
        ["DELETE", "settled_version"],
        ["UPDATE", "secret_version"],
        ["UPDATE", "secret_candidate"],
        ["INSERT", "audit_event"],
      ],
    ],
    [
      "discard",
      [
        ["DELETE", "secret_field"],
        ["DELETE", "allowed_destination"],
        ["DELETE", "settled_version"],
        ["DELETE", "secret_version"],
        ["UPDATE", "secret_candidate"],
        ["INSERT", "audit_event"],
      ],
    ],
    [
      "undo",
      [
        ["INSERT", "secret_version"],
        ["INSERT", "settled_version"],
        ["UPDATE", "secret"],
        ["INSERT", "allowed_destination"],
        ["INSERT", "audit_event"],
      ],
    ],
  ];

  test.each(steps)("%s", async (act, writes) => {
    const { secret, number } = await given();
    await settleCandidate(fabric.fabricId, secret.id, number);
    if (act === "undo") await promote(secret.id, number);
    const acts: Record<string, () => Promise<unknown>> = {
      promote: () => promote(secret.id, number),
      discard: () => discardCandidate(scope(), { secretId: secret.id, number }),
      undo: () => undoReplacement(scope(), { secretId: secret.id, expectedVersion: 2 }),
    };
    const run = acts[act] ?? (async () => {});
    const before = await rowsOf(secret.id);
    for (const [verb, table] of writes) {
      expect(await whileFailing(verb, table, run), `${verb} ${table}`).toBe("failed");
      expect(await rowsOf(secret.id), `${verb} ${table}`).toBe(before);
    }
    await run();
    expect(await rowsOf(secret.id)).not.toBe(before);
    const expected = act === "promote" ? "next" : "former";
    expect(await valuesOf(secret.id)).toEqual({ value: expected });
  });
});

describe("a promoted value", () => {
  test("belongs to the person who entered it, also when another person promotes it, and keeps the fields that were not replaced", async () => {
    const former = { username: "etl", password: "former" };
    const { secret, number } = await given({
      subKind: "username_password",
      former,
      fields: { password: "next" },
    });
    expect(await promote(secret.id, number, "admin")).toEqual({ version: 2 });
    const promoted = await current(secret.id);
    expect(promoted).toMatchObject({ version: 2, manifest: { username: 1, password: -1 } });
    expect(await valuesOf(secret.id)).toEqual({ username: "etl", password: "next" });
    expect(isEnteredOnlyBy(promoted, fabric.user.id)).toBe(true);
    expect(isEnteredOnlyBy(promoted, fabric.admin.id)).toBe(false);
    expect(promoted.enteredBy.get(2)).toBe(fabric.user.id);
    expect(await destinationsOf(secret.id)).toEqual([
      [1, destination],
      [2, destination],
    ]);
  });

  test("that an access token entered stays a token's, also when a person promotes it", async () => {
    const { candidate, secret, number } = await given();
    const { fabricId, user } = fabric;
    const actor = { ...user, accessToken: { id: "t1", name: "ci" } };
    await record(owner, {
      actor,
      teamId: fabric.teamId,
      fabricId,
      action: "secret.candidate.create",
      object: { kind: "secret", id: secret.id, name: secret.id },
      details: { version: candidate.version },
    });
    expect(await tokenOfVersion(db, candidate, user.id)).toBe("t1");
    await promote(secret.id, number, "admin");
    expect(await tokenOfVersion(db, await current(secret.id), user.id)).toBe("t1");
    await undoReplacement(scope(), { secretId: secret.id, expectedVersion: 2 });
    expect(await tokenOfVersion(db, await current(secret.id), user.id)).toBeNull();
    await undoReplacement(scope(), { secretId: secret.id, expectedVersion: 3 });
    expect(await tokenOfVersion(db, await current(secret.id), user.id)).toBe("t1");
  });

  test("ends the snooze of its former value, and so does an undo", async () => {
    const { secret, number } = await given();
    const { fabricId, user } = fabric;
    const which = { topic: "secret.expires", objectId: secret.id };
    const snooze = () =>
      owner.snooze.create({
        data: {
          ...{ ...which, fabricId, until: new Date(Date.now() + 86_400_000), reason: "why" },
          ...{ byId: user.id, byName: user.name },
        },
      });
    await snooze();
    await promote(secret.id, number);
    expect(await owner.snooze.count({ where: which })).toBe(0);
    await snooze();
    await undoReplacement(scope(), { secretId: secret.id, expectedVersion: 2 });
    expect(await owner.snooze.count({ where: which })).toBe(0);
  });

  test("survives the purge of its former versions, until no version uses it", async () => {
    const { secret, number } = await given();
    await promote(secret.id, number);
    await age(secret.id);
    await purge();
    expect(await valuesOf(secret.id)).toEqual({ value: "next" });
    expect(await fieldsOf(secret.id)).toEqual([-1]);

    const next = await addTestCandidate(owner, fabric, urls.webUrl, await current(secret.id), {
      by: "user",
      fields: { value: "third" },
    });
    expect(next.version).toBe(-2);
    await promote(secret.id, 2);
    await purge();
    // The former value is kept for a day.
    expect(await fieldsOf(secret.id)).toEqual([-2, -1]);
    await age(secret.id);
    await purge();
    expect(await fieldsOf(secret.id)).toEqual([-2]);
    expect(await valuesOf(secret.id)).toEqual({ value: "third" });
  });

  test("as a certificate authority keeps the destinations of the secrets that it vouches for", async () => {
    const { secret: authority, number } = await given();
    const { secret: password } = await given();
    await allow(password, `postgres://ca.example.com:5432?tls=verify-full&ca=${authority.id}.1`);
    await allow(authority, "postgres://ca.example.com:5432?tls=verify-full");
    const keeps = await owner.allowedDestination.findMany({ where: { secretId: authority.id } });
    await owner.secretVersion.updateMany({
      where: { secretId: authority.id, version: -number },
      data: { keeps: keeps.map(({ id }) => id) },
    });
    await settleCandidate(fabric.fabricId, authority.id, number);
    expect((await destinationsOf(password.id)).map(([, key]) => key)).toContain(
      `postgres://ca.example.com:5432?tls=verify-full&ca=${authority.id}.-1`,
    );
    // A request for another secret that would trust the new authority, too.
    const other = `postgres://other.example.com:5432?tls=verify-full&ca=${authority.id}`;
    const { id: askedById, name: askedByName } = fabric.user;
    const asked = { fabricId: fabric.fabricId, reason: "", connectionName: "Orders", askedById, askedByName };
    const request = await owner.destinationRequest.create({
      data: {
        ...asked,
        ...{
          secretId: password.id,
          version: 1,
          destinations: [`${other}.-1`, "postgres://b.example.com:5432"],
        },
        configHash: `${candidatePrefix(authority.id, number)}hash`,
      },
    });
    await promote(authority.id, number);
    expect(await owner.destinationRequest.findUnique({ where: { id: request.id } })).toMatchObject({
      version: 1,
      configHash: "hash",
      destinations: [`${other}.2`, "postgres://b.example.com:5432"],
    });
    const allowed = (await destinationsOf(password.id)).map(([, key]) => key);
    expect(allowed).toContain(`postgres://ca.example.com:5432?tls=verify-full&ca=${authority.id}.2`);
    expect(allowed).not.toContain(`postgres://ca.example.com:5432?tls=verify-full&ca=${authority.id}.-1`);
    expect(await undoReplacement(scope(), { secretId: authority.id, expectedVersion: 2 })).toEqual({
      version: 3,
    });
    expect((await destinationsOf(password.id)).map(([, key]) => key)).toContain(
      `postgres://ca.example.com:5432?tls=verify-full&ca=${authority.id}.3`,
    );
  });
});

describe("a candidate that nobody promotes", () => {
  test("expires with its value, and the number is not used again", async () => {
    const { secret, number } = await given();
    await settleCandidate(fabric.fabricId, secret.id, number);
    await purge();
    expect(await fieldsOf(secret.id)).toEqual([-1, 1]);
    await owner.$executeRaw`UPDATE secret_candidate SET "expiresAt" = now() WHERE "secretId" = ${secret.id}`;
    expect(await promote(secret.id, number)).toEqual({ problem: "expired", by: "" });
    await purge();
    expect(await fieldsOf(secret.id)).toEqual([1]);
    expect(await destinationsOf(secret.id)).toEqual([[1, destination]]);
    await owner.$executeRaw`UPDATE secret_candidate SET "closedAt" = now() - interval '1 year' WHERE "secretId" = ${secret.id}`;
    await purge();
    const rows = await owner.secretCandidate.findMany({ where: { secretId: secret.id } });
    expect(rows).toMatchObject([{ number: 1, outcome: "expired" }]);
  });

  test("stays through a purge of former versions while it is open", async () => {
    const { secret, number } = await given();
    await age(secret.id);
    await purge();
    expect(await fieldsOf(secret.id)).toEqual([-number, 1]);
    expect(await promote(secret.id, number)).toEqual({ version: 2 });
  });
});

describe("undo", () => {
  test("does not bring back a destination that an Admin removed meanwhile", async () => {
    const { secret, number } = await given();
    await promote(secret.id, number);
    await owner.allowedDestination.deleteMany({ where: { secretId: secret.id, version: 2 } });
    await owner.auditEvent.create({
      data: {
        fabricId: fabric.fabricId,
        actorKind: "user",
        actorId: fabric.admin.id,
        actorName: "Ada",
        action: "destination.remove",
        objectKind: "secret",
        objectId: secret.id,
        objectName: secret.id,
        details: { destination },
      },
    });
    await undoReplacement(scope(), { secretId: secret.id, expectedVersion: 2 });
    expect(await destinationsOf(secret.id)).toEqual([[1, destination]]);
    expect(await valuesOf(secret.id)).toEqual({ value: "former" });
  });

  test("is offered for a day, and as long as the fabric keeps former versions", async () => {
    const { secret, number } = await given();
    await promote(secret.id, number);
    await owner.$executeRaw`
      UPDATE secret_version SET "createdAt" = "createdAt" - interval '25 hours' WHERE "secretId" = ${secret.id}`;
    const undo = () => undoReplacement(scope(), { secretId: secret.id, expectedVersion: 2 });
    expect(await undo()).toEqual({ problem: "too_late" });
    const { fabricId } = fabric;
    await owner.versionRule.create({ data: { fabricId, formerVersions: 1, updatedByName: "x" } });
    expect(await undo()).toEqual({ version: 3 });
    await owner.versionRule.deleteMany();
  });
});

/** Lets a day pass for the versions of a secret. */
async function age(secretId: string) {
  await owner.$executeRaw`
    UPDATE secret_version SET "createdAt" = "createdAt" - interval '25 hours' WHERE "secretId" = ${secretId}`;
}

/** The numbers under which values of the secret are stored. */
async function fieldsOf(secretId: string) {
  const rows = await owner.secretField.findMany({ where: { secretId }, orderBy: { version: "asc" } });
  return rows.map(({ version }) => version);
}
