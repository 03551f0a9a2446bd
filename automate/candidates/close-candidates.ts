import { isOpen, lockCandidate } from "@/automate/candidates/open-candidate";
import { deleteDestinations, type Promoter } from "@/automate/candidates/promote";
import { actFor } from "@/automate/http/act-for";
import { lockVersionRule } from "@/automate/secrets/purge-versions";
import { systemActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { NotFound } from "@/lib/result";
import { lockSecret } from "@/lib/secrets/write";

/** How long the row of a closed candidate shows its outcome. The newest row of a secret stays, for its number. */
const keptForDays = 7;
/** How many candidates one purge closes, and how many rows it deletes. The next one continues. */
const atOnce = 1000;

type Reference = { fabricId: string; secretId: string; number: number };

/** The outcome of a discard: done, already closed, or refused because a rotation has not ended. */
export type Discarded = "discarded" | "closed" | "rotating";

/**
 * Discards an open candidate and deletes its value. Returns "rotating", and changes nothing, while Selvage sets the
 * value at a server: the server may have it, and nobody else knows it. Throws `NotFound`.
 */
export function discardCandidate(
  discarder: Promoter,
  { secretId, number }: { secretId: string; number: number },
): Promise<Discarded> {
  const { fabricId, teamId, actor } = discarder;
  return actFor(actor, async (tx) => {
    await lockVersionRule(tx, fabricId);
    const secret = await lockSecret(tx, discarder, secretId);
    const candidate = await lockCandidate(tx, discarder, secretId, number);
    if (!candidate) throw new NotFound("New value not found.");
    if (candidate.outcome !== null) return "closed";
    const running = await tx.passwordRun.count({ where: { secretId, candidate: number, endedAt: null } });
    if (running > 0) return "rotating";
    await close(tx, { fabricId, secretId, number }, "discarded", actor.name);
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "secret.candidate.discard",
      object: { kind: "secret", id: secretId, name: secret.name },
      details: { candidate: number },
    });
    return "discarded";
  });
}

/**
 * Closes the candidates that nobody promoted in time, and those of a value that was replaced in another way, and deletes
 * their values, but not while Selvage sets them at a server. Then deletes rows of candidates that were closed long ago.
 * Safe to run in several copies of automate.
 */
export async function expireCandidates(): Promise<void> {
  const due = await db.$queryRaw<(Reference & { teamId: string; name: string })[]>`
    SELECT c."fabricId", c."secretId", c.number, f."teamId", s.name FROM secret_candidate c
    JOIN secret s ON s.id = c."secretId" AND s."deletedAt" IS NULL
    JOIN fabric f ON f.id = c."fabricId"
    WHERE c.outcome IS NULL AND (c."expiresAt" <= now() OR EXISTS (
      SELECT FROM secret_version v WHERE v."secretId" = c."secretId" AND v.version > c."baseVersion"))
      AND NOT EXISTS (
        SELECT FROM password_run r
        WHERE r."secretId" = c."secretId" AND r.candidate = c.number AND r."endedAt" IS NULL)
    LIMIT ${atOnce}`;
  for (const { teamId, name, ...reference } of due)
    await db.$transaction(async (tx) => {
      const { fabricId, secretId, number } = reference;
      await lockVersionRule(tx, fabricId);
      await tx.$queryRaw`SELECT FROM secret WHERE id = ${secretId} FOR UPDATE`;
      const candidate = await lockCandidate(tx, { fabricId }, secretId, number);
      if (!candidate || candidate.outcome !== null || isOpen(candidate)) return;
      const outcome = candidate.baseVersion === candidate.currentVersion ? "expired" : "outdated";
      await close(tx, reference, outcome, null);
      await record(tx, {
        actor: systemActor,
        teamId,
        fabricId,
        action: "secret.candidate.expire",
        object: { kind: "secret", id: secretId, name },
        details: { candidate: number, reason: outcome },
      });
    });
  await db.$executeRaw`
    DELETE FROM secret_candidate WHERE ("secretId", number) IN (
      SELECT c."secretId", c.number FROM secret_candidate c
      WHERE c.outcome IS NOT NULL AND c."closedAt" < now() - make_interval(days => ${keptForDays}::int)
        AND EXISTS (SELECT FROM secret_candidate n WHERE n."secretId" = c."secretId" AND n.number > c.number)
      LIMIT ${atOnce}::int)`;
}

async function close(
  tx: Tx,
  { fabricId, secretId, number }: Reference,
  outcome: "discarded" | "expired" | "outdated",
  closedByName: string | null,
): Promise<void> {
  await tx.secretField.deleteMany({ where: { secretId, version: -number } });
  await deleteDestinations(tx, fabricId, { secretId, number });
  await tx.secretVersion.deleteMany({ where: { secretId, version: -number } });
  await tx.secretCandidate.update({
    where: { secretId_number: { secretId, number } },
    data: { outcome, closedAt: new Date(), closedByName },
    select: { number: true },
  });
}
