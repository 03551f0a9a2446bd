import { carriedDestinations } from "@/automate/password-rotations/carried-destinations";
import type { PasswordRun } from "@/automate/password-rotations/password-run";
import { lockDestinations } from "@/automate/secrets/remove-destination";
import type { sealMade } from "@/automate/secrets/seal-made";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { systemActor } from "@/lib/access/system-actor";
import type { Db, Tx } from "@/lib/db/client";
import { Prisma } from "@/lib/db/client";
import { lockSecret } from "@/lib/secrets/write";
import { nextCandidateNumber, openCandidate } from "@/lib/uses/open-candidate";

type Sealed = Awaited<ReturnType<typeof sealMade>>;

/**
 * Stores fields that automate made as a candidate of a secret, and returns its number. The other fields stay those of
 * the current version. It may go where the current version may, as far as `carriedDestinations` says.
 *
 * Null when another candidate waits, or when the secret has a newer version than `secret`.
 */
export async function storePasswordCandidate(
  tx: Tx,
  { fabricId, teamId }: { fabricId: string; teamId: string },
  { id: secretId, version: baseVersion, manifest, metadata }: SecretWithAuthors,
  shownDestinations: readonly string[],
  sealFor: (version: number) => Promise<Sealed>,
): Promise<number | null> {
  await lockDestinations(tx, fabricId, "carry");
  await lockSecret(tx, { fabricId }, secretId);
  const [state] = await tx.$queryRaw<{ version: number; waits: boolean }[]>`
    SELECT max(v.version) AS version, EXISTS (${openCandidate(Prisma.sql`${secretId}`)}) AS waits
    FROM secret_version v WHERE v."secretId" = ${secretId}`;
  if (!state || state.waits || state.version !== baseVersion) return null;
  const number = await nextCandidateNumber(tx, secretId);
  const version = -number;
  const sealed = await sealFor(version);
  await tx.secretCandidate.create({
    data: { secretId, number, fabricId, baseVersion },
    select: { number: true },
  });
  const author = { createdById: systemActor.id, createdByName: systemActor.name };
  await tx.secretVersion.create({
    data: {
      secretId,
      version,
      fabricId,
      manifest: { ...manifest, ...Object.fromEntries(sealed.map(({ field }) => [field, version])) },
      metadata,
      ...author,
    },
    select: { version: true },
  });
  await tx.secretField.createMany({ data: sealed });
  // The version counts as settled, so that settling allows no further destination.
  await tx.settledVersion.create({ data: { secretId, version, fabricId }, select: { version: true } });
  const replaced = { secretId, version: baseVersion };
  const carried = await carriedDestinations(tx, { teamId }, replaced, shownDestinations);
  await tx.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "toReview", "createdAt", "createdById", "createdByName")
    SELECT gen_random_uuid()::text, "fabricId", "secretId", ${version}::int, destination, "toReview", "createdAt", "createdById", "createdByName"
    FROM allowed_destination WHERE id = ANY(${carried})`;
  return number;
}

/**
 * Lets the candidate of a run be promoted for some hours from now, whatever a person entered meanwhile: the server may
 * have its value.
 */
export async function keepCandidate(
  client: Db | Tx,
  { secretId, candidate }: Pick<PasswordRun, "secretId" | "candidate">,
  hours: number,
): Promise<void> {
  await client.$executeRaw`
    UPDATE secret_candidate c SET "expiresAt" = now() + make_interval(hours => ${hours}::int),
      "baseVersion" = (SELECT max(version) FROM secret_version v WHERE v."secretId" = c."secretId")
    WHERE "secretId" = ${secretId} AND number = ${candidate} AND outcome IS NULL`;
}
