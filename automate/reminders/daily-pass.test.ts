import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { workOnce } from "@/automate/password-rotations/loop";
import { composeEvent, composeReminders } from "@/automate/reminders/compose";
import { findReminders } from "@/automate/reminders/daily-pass";
import { claimMessages, endMessage, retryMessage, waitSeconds } from "@/automate/reminders/outbox";
import { systemActor } from "@/lib/access/system-actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addExpiringSecret, verifyTestAddress } from "@/testing/reminders";

let owner: Db;
let fabric: TestFabric;
const url = "https://selvage.test.example";
const day = 86_400_000;
const now = new Date("2027-03-10T07:00:00Z");
const inDays = (days: number) => new Date(now.getTime() + days * day);

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});

beforeEach(async () => {
  await owner.outgoingMessage.deleteMany();
  await owner.reminder.deleteMany();
  await owner.reminderPass.deleteMany();
  await owner.secret.deleteMany();
  await owner.accessToken.deleteMany();
  await owner.pipelineToken.deleteMany();
  await owner.connection.deleteMany();
  await owner.verifiedAddress.deleteMany();
  fabric = await createTestFabric(owner, "lake");
  for (const { id, email } of [fabric.admin, fabric.user]) await verify(id, email);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const verify = (id: string, email: string) => verifyTestAddress(owner, { id, email });
const addSecret = (expiresAt: Date, options?: { name?: string; ownerId?: string }) =>
  addExpiringSecret(owner, fabric, expiresAt, options);

async function emails(at = now) {
  const found: { to: string; subject: string; text: string }[] = [];
  for (const message of await claimMessages("email")) {
    const email = await composeReminders(message, url, at);
    if (email) found.push({ to: email.to, subject: email.subject, text: email.text });
  }
  return found.sort((one, other) => one.to.localeCompare(other.to));
}
const subjects = async (at = now) => (await emails(at)).map(({ subject }) => subject);

describe("the daily pass", () => {
  test("tells the owner 30, 7 and 1 days before an expiry and on the last day, each once", async () => {
    await addSecret(inDays(30.5));
    const told: Record<string, string[]> = {};
    for (let passed = -1; passed <= 33; passed += 1) {
      const at = inDays(passed);
      await findReminders(["email"], at);
      const sent = await subjects(at);
      if (sent.length > 0) told[passed] = sent;
    }
    expect(told).toEqual({
      0: ["Secret “password” expires in 30 days"],
      23: ["Secret “password” expires in 7 days"],
      29: ["Secret “password” expires in 1 day"],
      30: ["Secret “password” expires within 24 hours"],
    });
  });

  test("happens once a day, however many copies of automate there are", async () => {
    await addSecret(inDays(5.5));
    const results = await Promise.all([1, 2, 3, 4].map(() => findReminders(["email", "webhook"], now)));
    expect(results.filter((one) => one !== null)).toEqual([1]);
    expect(await owner.outgoingMessage.count({ where: { channel: "email" } })).toBe(1);
    expect(await owner.outgoingMessage.count({ where: { channel: "webhook" } })).toBe(1);
    // A day that was missed is made up by the next one.
    expect(await findReminders(["email"], inDays(5))).toBe(1);
    expect(await subjects(inDays(5))).toContain("Secret “password” expires within 24 hours");
  });

  test("puts everything for one person into one e-mail, with its fabric and a link that only opens a page", async () => {
    const first = await addSecret(inDays(1.5), { name: "first" });
    await addSecret(inDays(6.5), { name: "second" });
    await findReminders(["email"], now);
    const [email, ...others] = await emails();
    expect(others).toEqual([]);
    expect(email?.to).toBe(fabric.user.email);
    expect(email?.subject).toBe("Selvage: 2 reminders");
    expect(email?.text).toContain("Hello Uri User,");
    expect(email?.text).toMatch(
      /Secret “first” of fabric “lake [^”]+” \(team lake .+\) expires in 1 day: 11 March 2027\./,
    );
    expect(email?.text).toContain(`${url}/metadata/fabrics/${fabric.fabricId}/secrets/${first}\n`);
    expect(email?.text.match(/https?:/g)).toHaveLength(2);
  });

  test("tells the Admins when the owner has left, is locked, or has no verified address", async () => {
    await addSecret(inDays(6.5), { name: "of_nobody", ownerId: "" });
    await findReminders(["email"], now);
    expect((await emails()).map(({ to }) => to)).toEqual([fabric.admin.email]);
    await addSecret(inDays(7.5), { name: "of_locked" });
    await owner.user.update({ where: { id: fabric.user.id }, data: { lockedAt: new Date() } });
    await findReminders(["email"], inDays(1));
    expect((await emails(inDays(1))).map(({ to, subject }) => [to, subject])).toEqual([
      [fabric.admin.email, "Secret “of_locked” expires in 6 days"],
    ]);
  });

  test("sends to no address that is not verified, or is another one by now", async () => {
    await owner.verifiedAddress.deleteMany();
    await verify(fabric.user.id, "former@test.example");
    await addSecret(inDays(6.5));
    await findReminders(["email"], now);
    expect(await owner.outgoingMessage.count()).toBe(0);
    // Nothing is lost: what reached nobody is told as soon as somebody is there.
    await owner.verifiedAddress.deleteMany();
    await verify(fabric.user.id, fabric.user.email);
    await findReminders(["email"], inDays(1));
    expect(await subjects(inDays(1))).toEqual(["Secret “password” expires in 5 days"]);
  });

  test("knows pipeline tokens of the fabric and access tokens of their owner, while they work", async () => {
    const token = { fabricId: fabric.fabricId, createdById: fabric.admin.id, createdByName: "Ada" };
    const expiresAt = inDays(6.5);
    for (const [name, revokedAt] of [
      ["nightly", null],
      ["revoked", now],
    ] as const) {
      await owner.pipelineToken.create({
        data: { ...token, name, tokenHash: uuidv7(), expiresAt, revokedAt },
      });
      await owner.accessToken.create({
        data: { userId: fabric.user.id, name, tokenHash: uuidv7(), expiresAt, revokedAt },
      });
    }
    await owner.accessToken.create({
      data: {
        userId: fabric.user.id,
        name: "of a former epoch",
        tokenHash: uuidv7(),
        expiresAt,
        accessEpoch: -1,
      },
    });
    await findReminders(["email"], now);
    expect((await emails()).map(({ to, subject }) => [to, subject])).toEqual([
      [fabric.admin.email, "Pipeline token “nightly” expires in 6 days"],
      [fabric.user.email, "Your access token “nightly” expires in 6 days"],
    ]);
  });

  test("repeats a failing connection at once, after 1, 3 and 7 days and then weekly, until it works", async () => {
    const id = await addConnection();
    await check(id, false, new Date());
    const start = Date.now();
    const told: number[] = [];
    for (let passed = 0; passed <= 22; passed += 1) {
      const at = new Date(start + passed * day + 60_000);
      await findReminders(["email"], at);
      // The connection stays in use.
      await owner.connection.update({ where: { id }, data: { updatedAt: at } });
      if ((await emails(at)).length > 0) told.push(passed);
    }
    expect(told).toEqual([0, 1, 3, 7, 14, 21]);
    await check(id, true, new Date(start + 27 * day));
    await findReminders(["email"], new Date(start + 28 * day));
    expect(await owner.outgoingMessage.count({ where: { outcome: null, attempts: 0 } })).toBe(0);
  });

  test("repeats a failed password rotation in the same way, until it works, is set up anew or ends", async () => {
    const secretId = await addFailingRotation();
    const start = Date.now();
    const told: Record<number, string[]> = {};
    for (let passed = 0; passed <= 22; passed += 1) {
      const at = new Date(start + passed * day + 60_000);
      await failOnSchedule(secretId);
      await findReminders(["email"], at);
      const sent = await subjects(at);
      if (sent.length > 0) told[passed] = sent;
    }
    const subject = "Secret “password” could not be rotated";
    expect(told).toEqual(Object.fromEntries([0, 1, 3, 7, 14, 21].map((passed) => [passed, [subject]])));
    await owner.passwordRotation.update({ where: { secretId }, data: { failures: 0, failingSince: null } });
    expect(await findReminders(["email"], new Date(start + 28 * day + 60_000))).toBe(0);
    // A later failure is a new one, and begins again.
    await failOnSchedule(secretId);
    await owner.passwordRotation.update({
      where: { secretId },
      data: { failingSince: new Date(start + 30 * day) },
    });
    const again = new Date(start + 30 * day + 60_000);
    expect(await findReminders(["webhook"], again)).toBe(1);
    const [call] = await claimMessages("webhook");
    expect(JSON.parse((call && (await composeEvent(call, url, again))) ?? "{}")).toMatchObject({
      type: "password.fails",
      data: {
        object: { id: secretId },
        owner: "Uri User",
        failingSince: new Date(start + 30 * day).toISOString(),
      },
    });
    await owner.passwordRotation.delete({ where: { secretId } });
    expect(call && (await composeEvent(call, url, again))).toBeNull();
  });

  test("speaks of Snooze only where the page has it", async () => {
    await failOnSchedule(await addFailingRotation());
    const at = new Date(Date.now() + 60_000);
    await findReminders(["email"], at);
    const [failed] = await emails(at);
    expect(failed?.text).toContain("Selvage repeats a failure until it is dealt with.\n");
    expect(failed?.text).not.toContain("Snooze");
    await addSecret(inDays(6.5));
    await findReminders(["email"], now);
    const [expiring] = await emails();
    expect(expiring?.text).toContain("dealt with. To put reminders off, open the page and press Snooze.\n");
  });

  test("says nothing about a deleted fabric, a deleted secret, or what somebody snoozed", async () => {
    const secretId = await addSecret(inDays(6.5));
    await owner.snooze.create({
      data: {
        ...{ topic: "secret.expires", objectId: secretId, fabricId: fabric.fabricId, until: inDays(2) },
        ...{ reason: "The vendor sends a new one.", byId: fabric.user.id, byName: "Uri" },
      },
    });
    const gone = await addSecret(inDays(6.5), { name: "gone" });
    await owner.secret.update({ where: { id: gone }, data: { deletedAt: new Date() } });
    expect(await findReminders(["email"], now)).toBe(0);
    expect(await findReminders(["email"], inDays(3))).toBe(1);
    await owner.fabricDeletion.create({
      data: { fabricId: fabric.fabricId, requestedById: "a", requestedByName: "Ada", destroyAt: inDays(9) },
    });
    expect(await subjects(inDays(3))).toEqual([]);
    expect(await findReminders(["email"], inDays(6))).toBe(0);
  });
});

describe("a message", () => {
  test("is written when it is sent: what was replaced, snoozed or lost its reader meanwhile is left out", async () => {
    const [kept, replaced] = [
      await addSecret(inDays(6.5), { name: "kept" }),
      await addSecret(inDays(6.5), { name: "replaced" }),
    ];
    await findReminders(["email"], now);
    const [message] = await claimMessages("email");
    if (!message) throw new Error("No message.");
    await owner.secret.update({ where: { id: replaced }, data: { expiresAt: inDays(300) } });
    await owner.secret.update({ where: { id: kept }, data: { name: "renamed" } });
    expect((await composeReminders(message, url, now))?.subject).toBe("Secret “renamed” expires in 6 days");
    await owner.membership.deleteMany({ where: { userId: fabric.user.id } });
    expect(await composeReminders(message, url, now)).toBeNull();
  });

  test("names nothing of a team that its reader has left meanwhile", async () => {
    const other = await createTestFabric(owner, "other");
    await owner.membership.create({ data: { teamId: other.teamId, userId: fabric.user.id, role: "user" } });
    await addSecret(inDays(6.5), { name: "ours" });
    await addExpiringSecret(owner, other, inDays(6.5), { name: "theirs", ownerId: fabric.user.id });
    await findReminders(["email"], now);
    const [message] = await claimMessages("email");
    if (!message) throw new Error("No message.");
    expect((await composeReminders(message, url, now))?.subject).toBe("Selvage: 2 reminders");
    await owner.membership.deleteMany({ where: { teamId: other.teamId, userId: fabric.user.id } });
    // Somebody else is reminded about it now, so it is still due.
    await verify(other.admin.id, other.admin.email);
    const email = await composeReminders(message, url, now);
    expect(email?.subject).toBe("Secret “ours” expires in 6 days");
    expect(email?.text).not.toContain("theirs");
  });

  test("carries other people's words on one line, and makes no link of them", async () => {
    const id = await addConnection("Pay https://evil.example\nat www.evil.example now\u202e\u2066");
    await check(id, false, now);
    await findReminders(["email"], now);
    const [email] = await emails();
    expect(email?.subject).toBe(
      "Connection “Pay https: //evil.example at w ww.evil.example now” is disconnected",
    );
  });

  test("of the webhook is one event a thing", async () => {
    const id = await addSecret(inDays(6.5));
    await findReminders(["webhook"], now);
    const [message] = await claimMessages("webhook");
    const event = message && (await composeEvent(message, url, now));
    const { timestamp, ...rest } = JSON.parse(event ?? "{}");
    expect(Date.parse(timestamp)).toBeGreaterThan(0);
    expect(rest).toEqual({
      type: "secret.expires",
      data: {
        object: { id, name: "password" },
        fabric: { id: fabric.fabricId, name: expect.stringContaining("lake") },
        team: { id: fabric.teamId, name: expect.stringContaining("lake") },
        owner: "Uri User",
        expiresAt: inDays(6.5).toISOString(),
        daysLeft: 6,
        url: `${url}/metadata/fabrics/${fabric.fabricId}/secrets/${id}`,
      },
    });
  });

  test("is leased to one copy, waits longer after each fault, and ends after the last attempt", async () => {
    await addSecret(inDays(6.5));
    await findReminders(["email"], now);
    const claims = await Promise.all([1, 2, 3].map(() => claimMessages("email")));
    expect(claims.flat()).toHaveLength(1);
    const [message] = claims.flat();
    if (!message) throw new Error("No message.");
    // A killed copy's lease expires, and another copy sends the message. What the first one reports then counts for nothing.
    await owner.outgoingMessage.updateMany({ data: { leasedUntil: new Date(0) } });
    const [second] = await claimMessages("email");
    expect(second).toMatchObject({ id: message.id, attempts: 2 });
    await retryMessage(message, "busy");
    expect(await state()).toMatchObject({ lastError: "", outcome: null });
    expect(await retryMessage({ ...message, attempts: 2 }, "busy")).toBe("waits");
    expect(await claimMessages("email")).toEqual([]);
    expect(await state()).toMatchObject({ lastError: "busy", outcome: null });
    await owner.outgoingMessage.updateMany({ data: { attempts: 14 } });
    expect(await retryMessage({ ...message, attempts: 14 }, "unreachable")).toBe("failed");
    expect(await state()).toMatchObject({ lastError: "unreachable", outcome: "failed" });
    await endMessage(message, "sent");
    expect((await state()).outcome).toBe("failed");
    expect([1, 2, 3, 20].map((attempt) => waitSeconds(attempt, 0))).toEqual([60, 120, 240, 21_600]);
    expect(waitSeconds(1, 1)).toBe(30);
  });

  const state = () => owner.outgoingMessage.findFirstOrThrow({ select: { outcome: true, lastError: true } });
});

/** A secret of the User whose scheduled rotation cannot begin: its connection does not use it. */
async function addFailingRotation(): Promise<string> {
  const secretId = await addSecret(inDays(900));
  await owner.passwordRotation.create({
    data: {
      ...{ secretId, fabricId: fabric.fabricId, connectionId: "gone", method: "own", users: [] },
      ...{ length: 32, alphabet: "letters_digits", everyDays: 30, setAt: new Date(Date.now() - 200 * day) },
      ...{ setById: fabric.admin.id, setByName: fabric.admin.name },
    },
  });
  return secretId;
}

/** The schedule tries to begin the rotation now. */
async function failOnSchedule(secretId: string): Promise<void> {
  await owner.passwordRotation.update({ where: { secretId }, data: { dueAt: new Date(0) } });
  const never = () => Promise.reject(new Error("Nothing is sent to a server."));
  const { signal } = new AbortController();
  await workOnce({ keys: fabric.keys, runPrepared: never, changePassword: never, signal });
}

async function addConnection(name = "Warehouse"): Promise<string> {
  const by = {
    createdById: fabric.user.id,
    createdByName: "Uri",
    updatedById: fabric.user.id,
    updatedByName: "Uri",
  };
  const id = uuidv7();
  await owner.connection.create({
    data: {
      ...{
        id,
        fabricId: fabric.fabricId,
        name,
        nameKey: id,
        kind: "postgres",
        properties: {},
        configHash: id,
        ...by,
      },
    },
  });
  return id;
}

const check = (configHash: string, ok: boolean, checkedAt: Date) =>
  owner.connectionCheck.create({
    data: {
      ...{ fabricId: fabric.fabricId, configHash, ok, checkedAt, durationMs: 1 },
      ...{ code: ok ? null : "rejected_credentials", actorId: systemActor.id, actorName: systemActor.name },
    },
  });
