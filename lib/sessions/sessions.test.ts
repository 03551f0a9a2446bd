import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { confirmSession, endSession, provePassword, startSession } from "@/lib/sessions/mutations";
import { findSessionActor } from "@/lib/sessions/queries";
import { commandLine, createUser, lockUser, resetPassword } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";
import { aSource } from "@/testing/sign-in-source";

const password = "correct horse battery";
const hourMs = 60 * 60_000;
let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function person() {
  const email = `P-${randomUUID()}@Test.example`;
  const created = await createUser(commandLine, { email, name: "Pia", password });
  if (!created.ok) throw new Error("not made");
  return { email, id: created.value.id };
}

async function tries(email: string, key: string, times: number) {
  const answers = [];
  for (let i = 0; i < times; i++)
    answers.push(await provePassword({ email, password: "wrong" }, aSource(key)));
  return answers;
}

test("the right password signs a person in, whatever the case of the e-mail", async () => {
  const { email, id } = await person();
  expect(await provePassword({ email: email.toUpperCase(), password }, aSource())).toEqual({
    ok: true,
    userId: id,
    accessEpoch: 0,
  });
});

test("an unknown e-mail, a locked person and a wrong password get the same answer", async () => {
  const { email } = await person();
  const locked = await person();
  await lockUser(commandLine, locked);
  const answers = await Promise.all([
    provePassword({ email, password: "wrong" }, aSource()),
    provePassword({ email: "nobody@test.example", password }, aSource()),
    provePassword({ email: locked.email, password }, aSource()),
  ]);
  for (const answer of answers) expect(answer).toEqual({ ok: false, code: "wrong_password" });
});

test("an unknown e-mail takes as long as a wrong password", async () => {
  const { email } = await person();
  const time = async (address: string) => {
    const startedAt = performance.now();
    await provePassword({ email: address, password: "wrong" }, aSource());
    return performance.now() - startedAt;
  };
  // In turns, and the fastest of each: other work on the machine only ever makes one slower.
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 8; i++) {
    known = Math.min(known, await time(email));
    unknown = Math.min(unknown, await time("nobody@test.example"));
  }
  expect(unknown / known).toBeGreaterThan(0.4);
  expect(unknown / known).toBeLessThan(2.5);
});

test("the fifth wrong attempt delays the next one, and web does not check the password during the delay", async () => {
  const { email } = await person();
  const key = randomUUID();
  expect((await tries(email, key, 5)).every((answer) => !answer.ok && answer.code === "wrong_password")).toBe(
    true,
  );
  const answer = await provePassword({ email, password }, aSource(key));
  expect(answer).toMatchObject({ ok: false, code: "delayed", seconds: expect.any(Number) });
});

test("wrong attempts never lock an account: after the delay the right password works and resets the count", async () => {
  const { email } = await person();
  const key = randomUUID();
  await tries(email, key, 5);
  await owner.signInDelay.update({ where: { key }, data: { nextTryAt: new Date(0) } });
  expect((await provePassword({ email, password }, aSource(key))).ok).toBe(true);
  expect(await owner.signInDelay.findUnique({ where: { key } })).toMatchObject({ failures: 0 });
});

test("the delay doubles with each wrong attempt, up to one minute", async () => {
  const { email } = await person();
  const key = randomUUID();
  const delays: number[] = [];
  await tries(email, key, 4);
  for (let i = 0; i < 8; i++) {
    await tries(email, key, 1);
    const { nextTryAt, updatedAt } = await owner.signInDelay.findUniqueOrThrow({ where: { key } });
    delays.push(Math.round((nextTryAt.getTime() - updatedAt.getTime()) / 1000));
    await owner.signInDelay.update({ where: { key }, data: { nextTryAt: new Date(0) } });
  }
  expect(delays).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
});

test("a delay applies to one account and network, and delays no other", async () => {
  const { email, id } = await person();
  await tries(email, randomUUID(), 6);
  expect(await provePassword({ email, password }, aSource())).toEqual({
    ok: true,
    userId: id,
    accessEpoch: 0,
  });
});

test("thirty concurrent attempts do not allow thirty guesses", async () => {
  const { email } = await person();
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => provePassword({ email, password: "wrong" }, aSource(key))),
  );
  expect(answers.filter((answer) => !answer.ok && answer.code === "wrong_password")).toHaveLength(5);
});

test("an hour after the last wrong attempt the count restarts", async () => {
  const { email } = await person();
  const key = randomUUID();
  await tries(email, key, 8);
  const longAgo = new Date(Date.now() - 2 * hourMs);
  await owner.signInDelay.update({ where: { key }, data: { nextTryAt: longAgo, updatedAt: longAgo } });
  await tries(email, key, 4);
  expect((await provePassword({ email, password }, aSource(key))).ok).toBe(true);
});

test("a session identifies its person until it ends", async () => {
  const { id, email } = await person();
  const session = await startSession({ userId: id, accessEpoch: 0 }, "password");
  expect(await findSessionActor(session)).toMatchObject({ kind: "user", id, email, name: "Pia" });
  await endSession(session);
  expect(await findSessionActor(session)).toBeNull();
});

test("web records sign-ins and sign-outs, and each sign-out only once", async () => {
  const { id } = await person();
  const session = await startSession({ userId: id, accessEpoch: 0 }, "openid");
  await endSession(session);
  await endSession(session);
  const events = await owner.auditEvent.findMany({
    where: { actorId: id },
    orderBy: { id: "asc" },
    select: { action: true, details: true },
  });
  expect(events).toEqual([
    { action: "session.start", details: { method: "openid" } },
    { action: "session.end", details: {} },
  ]);
});

test("a session ends after twelve idle hours", async () => {
  const session = await startSession({ userId: (await person()).id, accessEpoch: 0 }, "password");
  const seenAt = (hours: number) =>
    owner.session.update({
      where: { id: session },
      data: { lastSeenAt: new Date(Date.now() - hours * hourMs) },
    });
  await seenAt(11.9);
  expect(await findSessionActor(session)).not.toBeNull();
  await seenAt(12.1);
  expect(await findSessionActor(session)).toBeNull();
});

test("activity keeps a session alive, for at most seven days", async () => {
  const session = await startSession({ userId: (await person()).id, accessEpoch: 0 }, "password");
  const minutesAgo = new Date(Date.now() - 5 * 60_000);
  await owner.session.update({ where: { id: session }, data: { lastSeenAt: minutesAgo } });
  await findSessionActor(session);
  const { lastSeenAt } = await owner.session.findUniqueOrThrow({ where: { id: session } });
  expect(lastSeenAt.getTime()).toBeGreaterThan(minutesAgo.getTime());
  await owner.session.update({
    where: { id: session },
    data: { createdAt: new Date(Date.now() - 7 * 24 * hourMs - 1000) },
  });
  expect(await findSessionActor(session)).toBeNull();
});

test("a locked person is signed out at the next request", async () => {
  const { id, email } = await person();
  const session = await startSession({ userId: id, accessEpoch: 0 }, "password");
  await lockUser(commandLine, { email });
  expect(await findSessionActor(session)).toBeNull();
});

test("a new password ends all sessions, and the old password stops working", async () => {
  const { id, email } = await person();
  const session = await startSession({ userId: id, accessEpoch: 0 }, "password");
  await resetPassword(commandLine, { email, password: "another long password" });
  expect(await findSessionActor(session)).toBeNull();
  expect((await provePassword({ email, password }, aSource())).ok).toBe(false);
});

test("the password makes a session fresh again; a wrong one does not, and counts as an attempt", async () => {
  const { id, email } = await person();
  const old = new Date(Date.now() - hourMs);
  const session = await startSession({ userId: id, accessEpoch: 0 }, "password", old);
  const actor = await findSessionActor(session);
  if (!actor) throw new Error("no session");
  expect(actor.authenticatedAt).toEqual(old);
  const key = randomUUID();
  expect(await confirmSession(actor, session, "wrong", aSource(key))).toMatchObject({
    ok: false,
    code: "invalid",
  });
  expect((await findSessionActor(session))?.authenticatedAt).toEqual(old);
  expect(await owner.signInDelay.count({ where: { key } })).toBe(1);
  expect((await confirmSession(actor, session, password, aSource(key))).ok).toBe(true);
  expect((await findSessionActor(session))?.authenticatedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
  expect(email).toBe(actor.email);
});

test("a person who confirms the password freshens only their current session", async () => {
  const [mine, other] = [await person(), await person()];
  const old = new Date(Date.now() - hourMs);
  const theirs = await startSession({ userId: other.id, accessEpoch: 0 }, "password", old);
  const actor = await findSessionActor(await startSession({ userId: mine.id, accessEpoch: 0 }, "password"));
  if (!actor) throw new Error("no session");
  await confirmSession(actor, theirs, password, aSource());
  expect((await findSessionActor(theirs))?.authenticatedAt).toEqual(old);
});
