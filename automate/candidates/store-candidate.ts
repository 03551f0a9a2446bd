import { isOpen, lockCandidate } from "@/automate/candidates/open-candidate";
import type { Promoter } from "@/automate/candidates/promote";
import type { CurrentSecret } from "@/automate/secrets/current-secret";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import type { SealedFields } from "@/lib/secrets/sealing";
import { lockSecret } from "@/lib/secrets/write";

/** Why a candidate was not stored: one is open already, or the secret has another version by now. */
export type NotStored = { problem: "waiting" | "changed" };

/**
 * Stores a value that Selvage made for a secret as a candidate, and returns its number. `seal` seals the fields for the
 * version that it is given, which is negative.
 *
 * Nobody entered the value, so its author stays that of the field that it replaces, and it may be sent wherever the
 * current version may. Throws `NotFound`.
 */
export async function storeCandidate(
  tx: Tx,
  by: Promoter,
  current: CurrentSecret,
  seal: (version: number) => Promise<SealedFields>,
): Promise<{ candidate: number } | NotStored> {
  const { id: secretId, fabricId, version: baseVersion } = current;
  const secret = await lockSecret(tx, by, secretId);
  const newest = await tx.secretVersion.findFirst({
    where: { secretId },
    orderBy: { version: "desc" },
    select: { version: true, metadata: true, createdById: true, createdByName: true },
  });
  if (newest?.version !== baseVersion) return { problem: "changed" };
  const { _max } = await tx.secretCandidate.aggregate({ where: { secretId }, _max: { number: true } });
  const last = _max.number && (await lockCandidate(tx, by, secretId, _max.number));
  if (last && isOpen(last)) return { problem: "waiting" };
  const candidate = (_max.number ?? 0) + 1;
  const version = -candidate;
  const sealed = await seal(version);
  const own = Object.fromEntries(sealed.map(({ field }) => [field, version]));
  const replaced = sealed.flatMap(({ field }) => current.manifest[field] ?? []);
  const author = await tx.secretVersion.findFirst({
    where: { secretId, version: { in: replaced } },
    select: { createdById: true, createdByName: true },
  });
  const { createdById, createdByName } = author ?? newest;
  await tx.secretCandidate.create({
    data: { secretId, number: candidate, fabricId, baseVersion },
    select: { number: true },
  });
  await tx.secretVersion.create({
    data: {
      secretId,
      version,
      fabricId,
      manifest: { ...current.manifest, ...own },
      metadata: newest.metadata ?? {},
      createdById,
      createdByName,
    },
    select: { version: true },
  });
  await tx.secretField.createMany({ data: sealed });
  await tx.settledVersion.create({ data: { secretId, version, fabricId }, select: { version: true } });
  await tx.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "toReview", "createdById", "createdByName")
    SELECT gen_random_uuid()::text, "fabricId", "secretId", ${version}, destination, "toReview", "createdById", "createdByName"
    FROM allowed_destination WHERE "secretId" = ${secretId} AND version = ${baseVersion}`;
  const { teamId, actor } = by;
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "secret.candidate.create",
    object: { kind: "secret", id: secretId, name: secret.name },
    details: { version, fields: sealed.map(({ field }) => field), reason: "rotation" },
  });
  return { candidate };
}
