import { createHash, randomUUID } from "node:crypto";
import type { PreparedCheck } from "@/automate/checks/prepare-check";
import type { SecretWithAuthors, UsableSecret } from "@/automate/secrets/usable-secret";
import type { CheckCode, CheckResult } from "@/lib/connectors/check-protocol";
import { type Destination, endpointOf } from "@/lib/connectors/destination";
import { principalOf } from "@/lib/connectors/principal";
import {
  attemptsAt,
  mayAttempt,
  ofOtherValue,
  pausedUntil,
  refusalCountsForMs,
} from "@/lib/credential-attempts/schema";
import { db, type Tx } from "@/lib/db/client";

/** A sign-in that a check is about to try. Refusals are counted by `key`. */
export type CredentialAttempt = { key: string; endpoint: string; secretIds: string[]; field: string };

/** The right to try some sign-ins now. They count as refused until `complete` or `release` is called. */
export type Claim = { complete(result: CheckResult): Promise<void>; release(): Promise<void> };

/** The outcome of `claimAttempts`. `busy`: other checks held the budget for too long, or the caller aborted. */
export type Claimed =
  | { state: "held"; claim: Claim }
  | { state: "paused"; until: Date; field: string }
  | { state: "busy" };

/** A check never takes this long, so an older unsettled claim belongs to an automate that crashed. */
const claimLifetimeMs = 30_000;
const maxWaitMs = 20_000;
const pollIntervalMs = 150;

/** Findings after which the remote server may count a failed attempt against the account. */
export const refusals: ReadonlySet<CheckCode> = new Set<CheckCode>([
  "rejected_credentials",
  "encryption_may_be_required",
  "account_locked",
  "credential_expired",
  "password_change_required",
  "second_factor_required",
  "client_unknown",
]);

const emptyClaim: Claim = { complete: async () => {}, release: async () => {} };

/**
 * Returns the sign-ins of a check: one for each destination that receives credentials, with this principal
 * and these versions.
 */
export function attemptsOf({ destinations, openings, properties }: PreparedCheck): CredentialAttempt[] {
  const byKey = new Map<string, CredentialAttempt>();
  for (const destination of destinations) {
    const sent = openings.filter(
      // A certificate authority is used for verification and never sent.
      ({ field }) => field !== "caCertificate" && destination.secretFields.includes(field),
    );
    const [first] = sent;
    if (first === undefined) continue;
    const endpoint = endpointOf(destination);
    const values = sent.map(({ opening: { secret } }) => attemptedValue(secret)).sort();
    const key = createHash("sha256")
      .update(JSON.stringify([endpoint, principalOf(properties), values, ...channelOf(destination)]))
      .digest("base64url");
    const secretIds = sent.map(({ opening: { secret } }) =>
      isCurrent(secret) ? secret.id : ofOtherValue(secret.id),
    );
    byKey.set(key, { key, endpoint, secretIds, field: first.field });
  }
  return [...byKey.values()];
}

/**
 * Identifies a value by where its fields were entered: a candidate and the version that its promotion makes of it
 * share one budget.
 */
export function attemptedValue({ id, manifest }: Pick<UsableSecret, "id" | "manifest">): string {
  return `${id}.${JSON.stringify(Object.entries(manifest).sort())}`;
}

function isCurrent({ version, enteredBy }: SecretWithAuthors): boolean {
  return version === Math.max(...enteredBy.keys());
}

/**
 * MariaDB answers a sign-in without encryption as it answers a wrong password. Such refusals must not pause
 * the encrypted sign-in that corrects them, so they are counted separately.
 */
function channelOf({ protocol, tls }: Destination): string[] {
  return protocol === "mysql" && tls === "disable" ? ["unencrypted"] : [];
}

/**
 * Claims one attempt for each sign-in. All people, screens and copies of automate share the budget. If the
 * budget depends on attempts still in progress, calls `onWait` once and waits up to 20 seconds for them.
 */
export async function claimAttempts(
  fabricId: string,
  attempts: readonly CredentialAttempt[],
  signal: AbortSignal,
  onWait: () => void = () => {},
): Promise<Claimed> {
  if (attempts.length === 0) return { state: "held", claim: emptyClaim };
  const deadline = performance.now() + maxWaitMs;
  let isWaiting = false;
  for (;;) {
    const claimed = await tryToClaim(fabricId, attempts);
    if (claimed !== null) return claimed;
    if (signal.aborted || performance.now() > deadline) return { state: "busy" };
    if (!isWaiting) onWait();
    isWaiting = true;
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
}

/** Deletes the refused sign-ins of a secret. Returns the endpoints that checks may try again, sorted. */
export async function forgetRefusals(tx: Tx, fabricId: string, secretId: string): Promise<string[]> {
  const secretIds = { hasSome: [secretId, ofOtherValue(secretId)] };
  const where = { fabricId, secretIds, refusedAt: { not: null } };
  const rows = await tx.signInAttempt.findMany({ where, distinct: ["endpoint"], select: { endpoint: true } });
  await tx.signInAttempt.deleteMany({ where });
  return rows.map(({ endpoint }) => endpoint).sort();
}

/** Deletes attempts that no budget counts any more. */
export async function purgeAttempts(): Promise<void> {
  await db.$executeRaw`
    DELETE FROM sign_in_attempt
    WHERE "startedAt" < clock_timestamp() - make_interval(secs => ${refusalCountsForMs / 1000 + 60})
       OR ("refusedAt" IS NULL AND "startedAt" < clock_timestamp() - make_interval(secs => ${(2 * claimLifetimeMs) / 1000}))`;
}

/** Returns null when the budget has no room until other attempts complete. */
function tryToClaim(fabricId: string, attempts: readonly CredentialAttempt[]): Promise<Claimed | null> {
  return db.$transaction(async (tx) => {
    // All copies of automate lock in one order, which prevents deadlocks.
    const keys = attempts.map(({ key }) => key).sort();
    for (const key of keys) await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
    const now = await databaseTime(tx);
    let isFull = false;
    for (const { key, field, endpoint } of attempts) {
      const tries = attemptsAt(endpoint);
      const { refusedAt, inProgress } = await countAttempts(tx, key, now);
      const until = pausedUntil(refusedAt, now, tries);
      if (until !== null) return { state: "paused", until, field };
      isFull ||= !mayAttempt(refusedAt, inProgress, now, tries);
    }
    if (isFull) return null;
    const data = attempts.flatMap(({ key, endpoint, secretIds }) =>
      Array.from({ length: attemptsAt(endpoint) }, () => ({
        id: randomUUID(),
        key,
        fabricId,
        secretIds,
        endpoint,
        startedAt: now,
      })),
    );
    await tx.signInAttempt.createMany({ data });
    const ids = data.map(({ id }) => id);
    return { state: "held", claim: createClaim(ids, keys) };
  });
}

function createClaim(ids: string[], keys: string[]): Claim {
  const release = async () => void (await db.signInAttempt.deleteMany({ where: { id: { in: ids } } }));
  return {
    release,
    async complete(result) {
      if (isRefusal(result))
        await db.$executeRaw`UPDATE sign_in_attempt SET "refusedAt" = clock_timestamp() WHERE id = ANY(${ids})`;
      else if (result.ok)
        await db.signInAttempt.deleteMany({
          where: { OR: [{ id: { in: ids } }, { key: { in: keys }, refusedAt: { not: null } }] },
        });
      else await release();
    },
  };
}

/**
 * True as well for a check that was cancelled or failed unexpectedly during sign-in: the server may have
 * refused it.
 */
function isRefusal(result: CheckResult): boolean {
  if (result.ok) return false;
  const { code, step } = result;
  if (code === "cancelled") return step === "tls" || step === "sign_in";
  return refusals.has(code) || (code === "unexpected" && step === "sign_in");
}

/** Reads the database clock, which all copies of automate share. */
async function databaseTime(tx: Tx): Promise<Date> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
  if (row === undefined) throw new Error("Postgres returned no time.");
  return row.now;
}

async function countAttempts(
  tx: Tx,
  key: string,
  now: Date,
): Promise<{ refusedAt: Date[]; inProgress: number }> {
  const since = (ms: number) => new Date(now.getTime() - ms);
  const rows = await tx.signInAttempt.findMany({
    where: {
      key,
      OR: [
        { refusedAt: { gt: since(refusalCountsForMs) } },
        { refusedAt: null, startedAt: { gt: since(claimLifetimeMs) } },
      ],
    },
    select: { refusedAt: true },
  });
  const refusedAt = rows.flatMap((row) => row.refusedAt ?? []);
  return { refusedAt, inProgress: rows.length - refusedAt.length };
}
