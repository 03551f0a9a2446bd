import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { db } from "@/lib/db/client";
import { manifestOf } from "@/lib/secrets/queries";
import type { SecretMetadata } from "@/lib/secrets/schema";

/** Returns how many former versions of each secret a fabric keeps. */
export async function formerVersions(fabricId: string): Promise<number> {
  const rule = await db.versionRule.findUnique({ where: { fabricId }, select: { formerVersions: true } });
  return rule?.formerVersions ?? 0;
}

/** Returns the oldest version that may still be read. */
export async function oldestRetainedVersion({ fabricId, version }: UsableSecret): Promise<number> {
  return Math.max(1, version - (await formerVersions(fabricId)));
}

/**
 * Returns the secret at a version that may still be read, or null. Every read of a former version goes
 * through this function.
 */
export async function findVersion(secret: UsableSecret, version: number): Promise<UsableSecret | null> {
  if (version === secret.version) return secret;
  if (version > secret.version || version < (await oldestRetainedVersion(secret))) return null;
  const row = await db.secretVersion.findUnique({
    where: { secretId_version: { secretId: secret.id, version } },
    select: { manifest: true, metadata: true, purgedAt: true },
  });
  // A purged version stays purged when its fabric keeps more former versions again.
  if (!row || row.purgedAt) return null;
  // Only web writes this column, in this shape.
  return {
    ...secret,
    version,
    manifest: manifestOf(row.manifest),
    metadata: row.metadata as SecretMetadata,
  };
}
