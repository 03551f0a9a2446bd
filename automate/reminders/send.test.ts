import http from "node:http";
import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { findReminders } from "@/automate/reminders/daily-pass";
import { claimMessages } from "@/automate/reminders/outbox";
import { startReminders } from "@/automate/reminders/run-reminders";
import { sendDue } from "@/automate/reminders/send";
import { type ReminderSettings, reminderSettings } from "@/automate/reminders/settings";
import { createAuthority } from "@/launcher/certificates.mjs";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { automateEnv } from "@/lib/env";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addExpiringSecret, verifyTestAddress } from "@/testing/reminders";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { type Listening, listen } from "@/testing/servers/listening";
import { type MailServer, startMailServer } from "@/testing/servers/mail-server";

/* The whole way: rows, the outbox, the shipped worker, and a real mail server and webhook. */
const workerPath = builtCheckWorker();
let owner: Db;
let fabric: TestFabric;
let mail: MailServer;
let hook: Listening;
let settings: ReminderSettings;
const calls: { id: string; type: string }[] = [];
let hookStatus = 204;
let mailStatus: number | undefined;
const faults: string[] = [];
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
  fabric = await createTestFabric(owner, "lake");
  for (const person of [fabric.admin, fabric.user]) await verifyTestAddress(owner, person);
  const authority = await createAuthority("Mail");
  const certificate = await authority.issue({ names: ["127.0.0.1"] });
  const account = { username: "selvage", password: "p@ss/word" };
  mail = await startMailServer({ ...account, certificate, recipientStatus: () => mailStatus });
  hook = await listen(
    http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        calls.push({ id: String(request.headers["webhook-id"]), type: JSON.parse(body).type });
        response.writeHead(hookStatus).end();
      });
    }),
  );
  const env = {
    SMTP_URL: `smtp://selvage:${encodeURIComponent(account.password)}@127.0.0.1:${mail.port}`,
    SMTP_TLS: "required",
    SMTP_FROM: "Selvage <selvage@test.example>",
    REMINDER_WEBHOOK_URL: `http://127.0.0.1:${hook.port}/`,
    REMINDER_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}`,
    PUBLIC_URL: "https://selvage.test.example",
    REMINDER_HOUR: 0,
  } as ReturnType<typeof automateEnv>;
  const read = reminderSettings(env);
  settings = { ...read, email: read.email && { ...read.email, ca: authority.cert } };
});

beforeEach(async () => {
  await owner.outgoingMessage.deleteMany();
  await owner.reminder.deleteMany();
  await owner.reminderPass.deleteMany();
  await owner.secret.deleteMany();
  mail.received.length = 0;
  calls.length = 0;
  faults.length = 0;
  [hookStatus, mailStatus] = [204, undefined];
});

afterAll(async () => {
  await Promise.all([mail.close(), hook.close()]);
  await owner.$disconnect();
  await closeDb();
});

const sender = () => ({
  settings,
  workerPath,
  onFault: (channel: string, fault: string) => void faults.push(`${channel} ${fault}`),
});
const outcomes = async () =>
  (await owner.outgoingMessage.findMany({ orderBy: { channel: "asc" } })).map(
    ({ channel, outcome, lastError }) => `${channel} ${outcome} ${lastError}`.trim(),
  );

test("a copy that does everything finds, sends and stops", async () => {
  await addExpiringSecret(owner, fabric, inDays(6.5));
  const running = startReminders({ ...sender(), onError: (name) => faults.push(name), pollMs: 50 });
  await expect.poll(outcomes).toEqual(["email sent", "webhook sent"]);
  await running.stop();
  expect(mail.received.map(({ to }) => to)).toEqual([[fabric.user.email]]);
  expect(mail.received[0]?.text).toContain("expires in 6 days");
  expect(calls.map(({ type }) => type)).toEqual(["secret.expires"]);
  expect(faults).toEqual([]);
  expect((await owner.reminderChannel.findMany()).map(({ channel }) => channel).sort()).toEqual([
    "email",
    "webhook",
  ]);
});

test("several copies send each message once", async () => {
  for (let n = 0; n < 30; n += 1) await addExpiringSecret(owner, fabric, inDays(6.5), { name: `s${n}` });
  await findReminders(["email", "webhook"]);
  for (let left = true; left; ) {
    const taken = await Promise.all([1, 2, 3].map(() => sendDue("webhook", sender())));
    left = taken.some((count) => count > 0);
  }
  expect(new Set(calls.map(({ id }) => id)).size).toBe(30);
  expect(calls).toHaveLength(30);
});

test("a copy that is killed after the server accepted the message repeats it with the same id", async () => {
  await addExpiringSecret(owner, fabric, inDays(6.5));
  await findReminders(["email"]);
  const killed = { ...sender(), onFault: () => {} };
  await sendDue("email", killed);
  // The kill lost what `sendDue` stored last.
  await owner.outgoingMessage.updateMany({
    data: { outcome: null, endedAt: null, leasedUntil: new Date(0) },
  });
  await sendDue("email", sender());
  const ids = mail.received.map(({ text }) => /^Message-ID: (.+)$/m.exec(text)?.[1]);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  expect(await outcomes()).toEqual(["email sent"]);
});

test("a server that is down gets the message later, and a recipient that it refuses ends it", async () => {
  await addExpiringSecret(owner, fabric, inDays(6.5));
  await findReminders(["email", "webhook"]);
  [hookStatus, mailStatus] = [503, 451];
  await Promise.all([sendDue("email", sender()), sendDue("webhook", sender())]);
  expect(await outcomes()).toEqual(["email null busy", "webhook null busy"]);
  expect(faults.sort()).toEqual(["email busy", "webhook busy"]);
  expect(await claimMessages("email")).toEqual([]);
  [hookStatus, mailStatus] = [204, 550];
  await owner.outgoingMessage.updateMany({ data: { nextTryAt: new Date(0) } });
  await Promise.all([sendDue("email", sender()), sendDue("webhook", sender())]);
  expect(await outcomes()).toEqual(["email failed rejected_recipient", "webhook sent"]);
});

test("what is not due any more is dropped, and the code for an address is sent once", async () => {
  const id = await addExpiringSecret(owner, fabric, inDays(6.5));
  await findReminders(["email"]);
  await owner.secret.update({ where: { id }, data: { expiresAt: inDays(100) } });
  await sendDue("email", sender());
  expect(await outcomes()).toEqual(["email dropped"]);
  await owner.outgoingMessage.deleteMany();
  const { id: userId, email } = fabric.user;
  await owner.addressCode.create({
    data: { userId, emailKey: email, code: "01234567", expiresAt: inDays(0.01) },
  });
  const running = startReminders({ ...sender(), onError: (name) => faults.push(name), pollMs: 20 });
  await expect.poll(() => mail.received.length).toBe(1);
  await running.stop();
  expect(mail.received[0]?.text).toContain("0123 4567");
  expect(mail.received[0]?.to).toEqual([email]);
  expect(await owner.outgoingMessage.count({ where: { kind: "code" } })).toBe(1);
});

test("a copy that stops does not wait for a server that hangs, and another copy sends the message", async () => {
  await addExpiringSecret(owner, fabric, inDays(6.5));
  await findReminders(["webhook"]);
  const silent = await listen(createServer());
  const hanging = {
    ...settings,
    email: null,
    webhook: { ...hookOf(settings), url: `http://127.0.0.1:${silent.port}/` },
  };
  const running = startReminders({
    ...sender(),
    settings: hanging,
    onError: (name) => faults.push(name),
    pollMs: 20,
  });
  await expect.poll(() => silent.openConnections()).toBe(1);
  const stoppedAt = performance.now();
  await running.stop();
  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  await silent.close();
  expect(await outcomes()).toEqual(["webhook null"]);
  await owner.outgoingMessage.updateMany({ data: { leasedUntil: new Date(0) } });
  await sendDue("webhook", sender());
  expect(await outcomes()).toEqual(["webhook sent"]);
  expect(faults).toEqual([]);
});

function hookOf({ webhook }: ReminderSettings) {
  if (!webhook) throw new Error("No webhook.");
  return webhook;
}
