import "server-only";
import { db } from "@/lib/db/client";
import { log } from "@/lib/log";
import { purgeEndedAccess } from "@/lib/sessions/purge-ended";

/** Failed attempts without a delay. Later failures delay the next attempt by 2 s, 4 s, … up to 60 s. */
const freeAttempts = 4;

/** The budget of a network is whole again after so many seconds without attempts. */
const networkSeconds = 600;

/** Days for which an account that signed in from a network does not depend on the network's other attempts. */
const knownDays = 30;

/**
 * Where a sign-in comes from. `accountKey` stands for one account in one network. `networkBudget` is how many failed
 * attempts the network may make at once.
 */
export type SignInSource = {
  network: string;
  accountKey: string;
  networkKey: string;
  networkBudget: number;
};

type Counted = { ok: true; isKnown: boolean } | { ok: false; limit: "account" | "network"; seconds: number };

/**
 * Counts an attempt before the password is checked. It counts as failed until `clearAttempts`, so that
 * concurrent attempts all count.
 *
 * An attempt first takes from the budget of its network, which all accounts there share. Otherwise anybody
 * could have web check passwords endlessly, with ever new e-mail addresses. An account that recently signed in
 * from there takes nothing: colleagues who mistype, and attackers in the same network, cannot keep it out.
 *
 * Then it counts for the account. A delayed attempt is not counted, so that an attacker cannot keep the owner
 * out. An hour without failures resets the count.
 */
export async function countAttempt(source: SignInSource): Promise<Counted> {
  purgeSometimes();
  const { accountKey, networkKey } = source;
  const seconds = secondsEach(source);
  const [network] = await db.$queryRaw<{ isKnown: boolean; isAdmitted: boolean }[]>`
    WITH known AS (
      SELECT 1 FROM sign_in_delay
      WHERE key = ${accountKey} AND "signedInAt" > clock_timestamp() - ${knownDays}::int * interval '1 day'
    ), admitted AS (
      INSERT INTO sign_in_delay AS d (key, failures, "nextTryAt", "updatedAt")
      SELECT ${networkKey}, 1, clock_timestamp() + ${seconds}::float * interval '1 second', clock_timestamp()
      WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (key) DO UPDATE SET
        "nextTryAt" = greatest(d."nextTryAt", clock_timestamp()) + ${seconds}::float * interval '1 second',
        "updatedAt" = clock_timestamp()
      WHERE d."nextTryAt" <= clock_timestamp() + ${networkSeconds - seconds}::float * interval '1 second'
      RETURNING 1
    ) SELECT EXISTS (SELECT FROM known) AS "isKnown", EXISTS (SELECT FROM admitted) AS "isAdmitted"`;
  const isKnown = network?.isKnown ?? false;
  if (!isKnown && !network?.isAdmitted)
    return { ok: false, limit: "network", seconds: Math.max(1, Math.ceil(seconds)) };
  const [counted] = await db.$queryRaw<{ failures: number }[]>`
    INSERT INTO sign_in_delay AS d (key, failures, "nextTryAt", "updatedAt")
    VALUES (${accountKey}, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' THEN 1 ELSE d.failures + 1 END,
      "nextTryAt" = clock_timestamp() + CASE
        WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' OR d.failures < ${freeAttempts}::int THEN interval '0'
        ELSE least(60, power(2, least(6, d.failures - ${freeAttempts}::int + 1))) * interval '1 second' END,
      "updatedAt" = clock_timestamp()
    WHERE d."nextTryAt" <= clock_timestamp()
    RETURNING failures`;
  if (counted) return { ok: true, isKnown };
  const [delay] = await db.$queryRaw<{ seconds: number }[]>`
    SELECT ceil(extract(epoch FROM "nextTryAt" - clock_timestamp()))::int AS seconds
    FROM sign_in_delay WHERE key = ${accountKey}`;
  return { ok: false, limit: "account", seconds: Math.max(1, delay?.seconds ?? 1) };
}

/**
 * After a correct password: forgets the account's failures, gives the attempt back to the network's budget, and
 * remembers that the account signed in from there.
 */
export async function clearAttempts(source: SignInSource, isKnown: boolean) {
  await db.$executeRaw`
    UPDATE sign_in_delay SET failures = 0, "nextTryAt" = clock_timestamp(), "signedInAt" = clock_timestamp(), "updatedAt" = clock_timestamp()
    WHERE key = ${source.accountKey}`;
  await refundNetwork(source, isKnown);
}

/** Takes an attempt back whose password was not checked. */
export async function takeBackAttempt(source: SignInSource, isKnown: boolean) {
  await db.$executeRaw`
    UPDATE sign_in_delay SET failures = greatest(0, failures - 1) WHERE key = ${source.accountKey}`;
  await refundNetwork(source, isKnown);
}

async function refundNetwork(source: SignInSource, isKnown: boolean): Promise<void> {
  if (isKnown) return;
  await db.$executeRaw`
    UPDATE sign_in_delay SET "nextTryAt" = "nextTryAt" - ${secondsEach(source)}::float * interval '1 second'
    WHERE key = ${source.networkKey}`;
}

/** The seconds after which a network may make one more failed attempt. */
function secondsEach({ networkBudget }: SignInSource): number {
  return networkSeconds / networkBudget;
}

/** Deletes attempts older than an hour, which no longer count, and sign-ins that are no longer remembered. */
export async function purgeAttempts(): Promise<void> {
  const hourAgo = new Date(Date.now() - 60 * 60_000);
  const knownSince = new Date(Date.now() - knownDays * 24 * 60 * 60_000);
  await db.signInDelay.deleteMany({
    where: {
      updatedAt: { lt: hourAgo },
      OR: [{ signedInAt: null }, { signedInAt: { lt: knownSince } }],
    },
  });
}

const purgeEveryMs = 60_000;
const purgeEndedEveryMs = 60 * 60_000;
let purgedAt = 0;
let purgedEndedAt = 0;

/**
 * Purges at most once a minute per copy of web, and what ended once an hour, without delaying the sign-in. Each failed attempt leaves a
 * row, and an attack may never succeed and so never delete it.
 */
function purgeSometimes(): void {
  if (Date.now() - purgedAt < purgeEveryMs) return;
  purgedAt = Date.now();
  purgeAttempts().catch(() => log("error", "old sign-in attempts could not be deleted"));
  if (Date.now() - purgedEndedAt < purgeEndedEveryMs) return;
  purgedEndedAt = Date.now();
  purgeEndedAccess().catch(() => log("error", "ended sessions and tokens could not be deleted"));
}
