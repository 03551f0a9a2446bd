import type { UsableSecret } from "@/automate/secrets/current-secret";
import { db } from "@/lib/db/client";
import { manifestOf } from "@/lib/secrets/queries";
import type { SecretFacts } from "@/lib/secrets/schema";

/** The first version that still opens: the present one, and as many before it as the fabric keeps. */
export async function keptFrom({ fabricId, version }: UsableSecret): Promise<number> {
  const rule = await db.versionRule.findUnique({ where: { fabricId }, select: { formerVersions: true } });
  return Math.max(1, version - (rule?.formerVersions ?? 0));
}

/** The secret at a version that still opens, or null. This is the one way from a present version to a former one. */
export async function findVersion(secret: UsableSecret, version: number): Promise<UsableSecret | null> {
  if (version === secret.version) return secret;
  if (version > secret.version || version < (await keptFrom(secret))) return null;
  const row = await db.secretVersion.findUnique({
    where: { secretId_version: { secretId: secret.id, version } },
    select: { manifest: true, facts: true },
  });
  // Written by web alone, in this shape.
  return row && { ...secret, version, manifest: manifestOf(row.manifest), facts: row.facts as SecretFacts };
}
