import "server-only";
import { db } from "@/lib/db/client";
import { log } from "@/lib/log";

/** Failed attempts without a delay. Later failures delay the next attempt by 2 s, 4 s, … up to 60 s. */
const freeAttempts = 4;

/**
 * Counts an attempt before the password is checked. It counts as failed until `clearAttempts`, so that
 * concurrent attempts all count.
 * Returns null when the attempt may proceed, else the seconds until the next one. A delayed attempt is not
 * counted, so that an attacker cannot keep the owner out. An hour without failures resets the count.
 */
export async function countAttempt(key: string): Promise<number | null> {
  const [counted] = await db.$queryRaw<{ failures: number }[]>`
    INSERT INTO sign_in_delay AS d (key, failures, "nextTryAt", "updatedAt")
    VALUES (${key}, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' THEN 1 ELSE d.failures + 1 END,
      "nextTryAt" = clock_timestamp() + CASE
        WHEN d."updatedAt" < clock_timestamp() - interval '1 hour' OR d.failures < ${freeAttempts}::int THEN interval '0'
        ELSE least(60, power(2, least(6, d.failures - ${freeAttempts}::int + 1))) * interval '1 second' END,
      "updatedAt" = clock_timestamp()
    WHERE d."nextTryAt" <= clock_timestamp()
    RETURNING failures`;
  purgeSometimes();
  if (counted) return null;
  const [delay] = await db.$queryRaw<{ seconds: number }[]>`
    SELECT ceil(extract(epoch FROM "nextTryAt" - clock_timestamp()))::int AS seconds
    FROM sign_in_delay WHERE key = ${key}`;
  return Math.max(1, delay?.seconds ?? 1);
}

/** Deletes the attempts of one key after a correct password. */
export async function clearAttempts(key: string): Promise<void> {
  await db.signInDelay.deleteMany({ where: { key } });
}

/** Deletes attempts older than an hour, which no longer count. */
export async function purgeAttempts(): Promise<void> {
  const hourAgo = new Date(Date.now() - 60 * 60_000);
  await db.signInDelay.deleteMany({ where: { updatedAt: { lt: hourAgo } } });
}

const purgeEveryMs = 60_000;
let purgedAt = 0;

/**
 * Purges at most once a minute per copy of web, without delaying the sign-in. Each failed attempt leaves a
 * row, and an attack may never succeed and so never delete it.
 */
function purgeSometimes(): void {
  if (Date.now() - purgedAt < purgeEveryMs) return;
  purgedAt = Date.now();
  purgeAttempts().catch(() => log("error", "old sign-in attempts could not be deleted"));
}
