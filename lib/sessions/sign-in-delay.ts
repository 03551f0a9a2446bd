import "server-only";
import { db } from "@/lib/db/client";
import { log } from "@/lib/log";

/** Wrong tries that cost nothing. From the fifth on each makes the next one wait: 2 s, 4 s, … 60 s. */
export const freeTries = 4;

/**
 * Takes one try, before the password is looked at: a try counts as wrong until `forgetTries` says otherwise, so that
 * many at once count as many. Null when the try may go on, else the seconds until the next one; such a try is not
 * counted, so that nobody can hold an account shut. An hour without a wrong try starts anew.
 */
export async function takeTry(key: string): Promise<number | null> {
  const [taken] = await db.$queryRaw<{ failures: number }[]>`
    INSERT INTO sign_in_delay AS d (key, failures, "nextTryAt", "updatedAt")
    VALUES (${key}, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' THEN 1 ELSE d.failures + 1 END,
      "nextTryAt" = clock_timestamp() + CASE
        WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' OR d.failures < ${freeTries}::int THEN interval '0'
        ELSE least(60, power(2, least(6, d.failures - ${freeTries}::int + 1))) * interval '1 second' END,
      "updatedAt" = clock_timestamp()
    WHERE d."nextTryAt" <= clock_timestamp()
    RETURNING failures`;
  purgeNowAndThen();
  if (taken) return null;
  const [delay] = await db.$queryRaw<{ seconds: number }[]>`
    SELECT ceil(extract(epoch FROM "nextTryAt" - clock_timestamp()))::int AS seconds
    FROM sign_in_delay WHERE key = ${key}`;
  return Math.max(1, delay?.seconds ?? 1);
}

/** Forgets the tries of one key after a right one. */
export async function forgetTries(key: string): Promise<void> {
  await db.signInDelay.deleteMany({ where: { key } });
}

/** Forgets tries of more than an hour ago, which count for nothing any more. */
export async function purgeTries(): Promise<void> {
  const hourAgo = new Date(Date.now() - 60 * 60_000);
  await db.signInDelay.deleteMany({ where: { updatedAt: { lt: hourAgo } } });
}

const purgeEveryMs = 60_000;
let purgedAt = 0;

/**
 * Purges at most once a minute in each copy of web, beside a try and not before its answer: each wrong try leaves a row, and an
 * attack may never have a right one.
 */
function purgeNowAndThen(): void {
  if (Date.now() - purgedAt < purgeEveryMs) return;
  purgedAt = Date.now();
  purgeTries().catch(() => log("error", "old sign-in tries could not be purged"));
}
