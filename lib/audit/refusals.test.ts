import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import { createAccessToken, revokeAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import { flushRefusals, noteRefusal } from "@/lib/audit/refusals";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden, NotFresh } from "@/lib/result";
import { provePassword } from "@/lib/sessions/mutations";
import { countAttempt } from "@/lib/sessions/sign-in-delay";
import { commandLine, createUser, lockUser } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { aSource } from "@/testing/sign-in-source";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  await flushRefusals();
  fabric = await createTestFabric(owner);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const password = "correct horse battery";

async function person() {
  const email = `${randomUUID()}@test.example`;
  const created = await createUser(commandLine, { email, name: "Pia", password });
  if (!created.ok) throw new Error("not made");
  return { email, id: created.value.id };
}

/** The recorded refusals of one object, as their events describe them. */
async function onRecord(objectId: string) {
  await flushRefusals(false);
  const rows = await owner.auditEvent.findMany({
    where: { objectId, action: { endsWith: ".refuse" } },
    orderBy: { id: "asc" },
    select: { action: true, details: true },
  });
  return rows.map(({ action, details }) => ({ action, ...(details as Record<string, unknown>) }));
}

const network = "203.0.113.0/24";
const wrong = (email: string, from = network) =>
  provePassword({ email, password: "wrong" }, aSource(undefined, from));

test("web records a failed sign-in at once, and later ones as one event with their count", async () => {
  const { id, email } = await person();
  const key = randomUUID();
  const tryOnce = () => provePassword({ email, password: "wrong" }, aSource(key, network));
  for (let i = 0; i < 5; i++) await tryOnce();
  // Independent of the machine's speed.
  const later = new Date(Date.now() + 60_000);
  await owner.signInDelay.update({ where: { key }, data: { nextTryAt: later } });
  for (let i = 0; i < 3; i++) await tryOnce();
  const first = { action: "session.refuse", source: network };
  expect(await onRecord(id)).toEqual([
    { ...first, code: "wrong_password" },
    { ...first, code: "delayed" },
  ]);
  await flushRefusals();
  expect(await onRecord(id)).toEqual([
    { ...first, code: "wrong_password" },
    { ...first, code: "delayed" },
    { ...first, code: "wrong_password", count: 4, within: "hour" },
    { ...first, code: "delayed", count: 2, within: "hour" },
  ]);
});

test("web records a locked person's correct password, and answers it like a wrong one", async () => {
  const { id, email } = await person();
  await lockUser(commandLine, { email });
  const answer = await provePassword({ email, password }, aSource(undefined, network));
  expect(answer).toEqual({ ok: false, code: "wrong_password" });
  expect(await onRecord(id)).toEqual([{ action: "session.refuse", code: "locked", source: network }]);
});

test("web counts unknown addresses in one number, without recording an address", async () => {
  for (let i = 0; i < 30; i++) await wrong(`stranger-${i}@test.example`);
  await flushRefusals();
  const before = await onRecord("");
  expect(before).toEqual([
    { action: "session.refuse", code: "unknown_address" },
    { action: "session.refuse", code: "unknown_address", count: 29, within: "hour" },
  ]);
  expect(await owner.auditEvent.count({ where: { objectName: { contains: "stranger" } } })).toBe(0);
});

test("refusals from two thousand networks write at most ten events and one summary for a person", async () => {
  const { id } = await person();
  for (let i = 0; i < 2_000; i++)
    noteRefusal(`sign-in ${id}`, `wrong_password ${i}`, {
      actor: { kind: "system", id: "web", name: "Selvage" },
      teamId: null,
      fabricId: null,
      action: "session.refuse",
      object: { kind: "user", id, name: "Pia" },
      details: { code: "wrong_password", source: `network ${i}` },
    });
  await flushRefusals();
  const rows = await onRecord(id);
  expect(rows).toHaveLength(12);
  expect(rows.slice(-2)).toEqual([
    { action: "session.refuse", code: "more" },
    { action: "session.refuse", code: "more", count: 1_989, within: "hour" },
  ]);
});

test("an hour later web records the first refusal at once again", async () => {
  const { id, email } = await person();
  await wrong(email);
  await wrong(email);
  expect(await onRecord(id)).toHaveLength(1);
  vi.useFakeTimers({ now: Date.now() + 61 * 60_000, toFake: ["Date"] });
  expect(await onRecord(id)).toHaveLength(2);
  await wrong(email);
  expect(await onRecord(id)).toHaveLength(3);
});

test("web records a member's forbidden action in the fabric's or team's audit, once per hour and action", async () => {
  const { user, admin, fabricId, teamId } = fabric;
  for (let i = 0; i < 50; i++)
    await expect(authorize(user, fabricId, "token:write")).rejects.toThrow(Forbidden);
  await expect(authorizeTeam(user, teamId, "team:write")).rejects.toThrow(Forbidden);
  const stale = { ...admin, authenticatedAt: new Date(0), accessToken: { id: "t1", name: "script" } };
  await expect(authorize(stale, fabricId, "token:write")).rejects.toThrow(NotFresh);
  const act = { action: "act.refuse" };
  expect(await onRecord(fabricId)).toEqual([
    { ...act, code: "forbidden", permission: "token:write" },
    { ...act, code: "not_fresh", permission: "token:write", accessToken: "script", accessTokenId: "t1" },
  ]);
  expect(await onRecord(teamId)).toEqual([{ ...act, code: "forbidden", permission: "team:write" }]);
  const scopes = await owner.auditEvent.findMany({
    where: { objectId: { in: [fabricId, teamId] }, action: "act.refuse" },
    orderBy: { id: "asc" },
    select: { teamId: true, fabricId: true, actorId: true },
  });
  expect(scopes).toEqual([
    { teamId, fabricId, actorId: user.id },
    { teamId, fabricId: null, actorId: user.id },
    { teamId, fabricId, actorId: admin.id },
  ]);
});

const slowMachine = { timeout: 20_000 };

test("a stopping program waits for refusals that it is already writing", async () => {
  const { id, email } = await person();
  await wrong(email);
  const seen: string[] = [];
  await owner.$transaction(async (locking) => {
    await locking.$executeRaw`LOCK TABLE audit_event IN EXCLUSIVE MODE`;
    // First as the timer does it, then as the stop does.
    void flushRefusals(false);
    void flushRefusals().then(() => seen.push("stopped"));
    const waiting = () => owner.$queryRaw`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), slowMachine);
    seen.push("written");
  }, slowMachine);
  await vi.waitFor(() => expect(seen).toEqual(["written", "stopped"]), slowMachine);
  expect(await owner.auditEvent.count({ where: { objectId: id, action: "session.refuse" } })).toBe(1);
});

test("web records each hour in which an expired token is tried", async () => {
  const created = await createAccessToken(fabric.user, { name: "nightly", lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  const { id } = await owner.accessToken.findFirstOrThrow({ where: { userId: fabric.user.id } });
  await revokeAccessToken(fabric.user, { accessTokenId: id });
  for (let i = 0; i < 3; i++) expect(await findAccessTokenActor(created.value.token)).toBeNull();
  expect(await onRecord(id)).toEqual([
    { action: "access_token.refuse", code: "revoked", accessToken: "nightly", accessTokenId: id },
  ]);
});

test("web forgets old attempts even if nobody signs in", async () => {
  const old = randomUUID();
  const longAgo = new Date(Date.now() - 2 * 60 * 60_000);
  await owner.signInDelay.create({ data: { key: old, failures: 9, nextTryAt: longAgo, updatedAt: longAgo } });
  vi.useFakeTimers({ now: Date.now() + 3 * 60 * 60_000, toFake: ["Date"] });
  await countAttempt(aSource());
  vi.useRealTimers();
  await vi.waitFor(
    async () => expect(await owner.signInDelay.count({ where: { key: old } })).toBe(0),
    10_000,
  );
});
