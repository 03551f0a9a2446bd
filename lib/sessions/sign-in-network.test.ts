import { randomUUID } from "node:crypto";
import { hash } from "@node-rs/argon2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { provePassword } from "@/lib/sessions/mutations";
import { countAttempt, purgeAttempts, type SignInSource } from "@/lib/sessions/sign-in-delay";
import { passwordMatches, withPasswordSlot } from "@/lib/users/password";
import { commandLine, createUser } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";

const password = "correct horse battery";
let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

/** A person whose password has the cheapest parameters: most tests are about how many are checked. */
async function person() {
  const email = `P-${randomUUID()}@Test.example`;
  const created = await createUser(commandLine, { email, name: "Pia", password });
  if (!created.ok) throw new Error("not made");
  const passwordHash = await hash(password, { memoryCost: 4096, timeCost: 1 });
  await owner.user.update({ where: { id: created.value.id }, data: { passwordHash } });
  return email;
}

/** Small, so that no attempt comes back while a busy machine makes the others. */
const budget = 20;

/** Sign-ins from one network, each for another account. */
function aNetwork(networkBudget = budget) {
  const networkKey = randomUUID();
  return (accountKey: string = randomUUID()): SignInSource => ({
    network: "203.0.113.0/24",
    accountKey,
    networkKey,
    networkBudget,
  });
}

/** Uses up a network's budget, as an attacker with ever new e-mail addresses does. */
async function spend(from: () => SignInSource): Promise<number> {
  for (let checked = 0; ; checked++) if (!(await countAttempt(from())).ok) return checked;
}

const rows = () => owner.signInDelay.count();

test("a network checks no more wrong passwords than its budget, whatever the e-mail addresses, and leaves no row for more", async () => {
  const from = aNetwork();
  expect(await spend(from)).toBe(budget);
  const before = await rows();
  const answers = await Promise.all(
    Array.from({ length: 30 }, () =>
      provePassword({ email: `${randomUUID()}@test.example`, password: "wrong" }, from()),
    ),
  );
  for (const answer of answers) expect(answer).toEqual({ ok: false, code: "delayed", seconds: 30 });
  expect(await rows()).toBe(before);
});

test("the budget of a network returns attempt by attempt, and is whole after ten minutes", async () => {
  const from = aNetwork();
  const { networkKey } = from();
  await spend(from);
  const pass = (seconds: number) => owner.$executeRaw`
    UPDATE sign_in_delay SET "nextTryAt" = "nextTryAt" - ${seconds}::int * interval '1 second' WHERE key = ${networkKey}`;
  await pass(30);
  expect(await spend(from)).toBe(1);
  await pass(600);
  expect(await spend(from)).toBe(budget);
});

test("operators set the budget of a network", async () => {
  const from = aNetwork(3);
  expect(await spend(from)).toBe(3);
  expect(await countAttempt(from())).toEqual({ ok: false, limit: "network", seconds: 200 });
});

test.runIf(process.env.RUN_LONG)(
  "two hundred people of one network sign in one after the other",
  async () => {
    const from = aNetwork();
    const email = await person();
    const outcomes = new Set<boolean>();
    for (let i = 0; i < 200; i++) outcomes.add((await provePassword({ email, password }, from())).ok);
    expect([...outcomes]).toEqual([true]);
  },
);

test("a person who signed in from a network before still does when others have used up its budget", async () => {
  const from = aNetwork();
  const [known, stranger] = [await person(), await person()];
  const own = from();
  expect((await provePassword({ email: known, password }, own)).ok).toBe(true);
  await spend(from);
  expect((await provePassword({ email: known, password }, own)).ok).toBe(true);
  expect(await provePassword({ email: stranger, password }, from())).toMatchObject({ code: "delayed" });
  // A wrong password in between does not make the account unknown.
  expect(await provePassword({ email: known, password: "wrong" }, own)).toMatchObject({
    code: "wrong_password",
  });
  expect((await provePassword({ email: known, password }, own)).ok).toBe(true);
});

test("other networks keep their budget", async () => {
  await spend(aNetwork());
  expect((await provePassword({ email: await person(), password }, aNetwork()())).ok).toBe(true);
});

test("a full queue refuses at once, and the attempt does not count", async () => {
  const from = aNetwork();
  const email = await person();
  const source = from();
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  const waiting = Array.from({ length: 40 }, () => withPasswordSlot(source.networkKey, () => held));
  expect(await provePassword({ email, password }, source)).toEqual({ ok: false, code: "busy", seconds: 2 });
  expect(await owner.signInDelay.findUnique({ where: { key: source.accountKey } })).toMatchObject({
    failures: 0,
  });
  // A different network has its own queue.
  const other = provePassword({ email, password }, aNetwork()());
  release();
  expect((await other).ok).toBe(true);
  const outcomes = await Promise.all(waiting);
  expect(outcomes.filter((outcome) => outcome === null).length).toBeGreaterThanOrEqual(22);
  expect(await spend(from)).toBe(budget);
});

test("at most two passwords are checked at once", async () => {
  let [now, most] = [0, 0];
  await Promise.all(
    Array.from({ length: 12 }, () =>
      withPasswordSlot("network", async () => {
        now += 1;
        most = Math.max(most, now);
        await passwordMatches(null, "wrong");
        now -= 1;
      }),
    ),
  );
  expect(most).toBeGreaterThanOrEqual(1);
  expect(most).toBeLessThanOrEqual(2);
});

test("web remembers for 30 days that an account signed in from a network", async () => {
  const from = aNetwork();
  const [recent, old] = [from(), from()];
  const email = await person();
  for (const source of [recent, old]) await provePassword({ email, password }, source);
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const age = (source: SignInSource, days: number) =>
    owner.signInDelay.update({
      where: { key: source.accountKey },
      data: { signedInAt: daysAgo(days), updatedAt: daysAgo(days) },
    });
  await age(recent, 29);
  await age(old, 31);
  await spend(from);
  expect(await countAttempt(recent)).toEqual({ ok: true, isKnown: true });
  expect(await countAttempt(old)).toMatchObject({ ok: false, limit: "network" });
  await age(recent, 29);
  await purgeAttempts();
  const left = await owner.signInDelay.findMany({
    where: { key: { in: [recent.accountKey, old.accountKey] } },
    select: { key: true },
  });
  expect(left).toEqual([{ key: recent.accountKey }]);
});
