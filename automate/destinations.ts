import type { CurrentSecret } from "@/automate/current-secret";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db";

/**
 * Allows the destinations of a secret that are not allowed yet, when this person may: an Admin, or whoever entered
 * every field that the secret is made of now. Returns those that stay refused.
 */
export async function allowDestinations(
  scope: Scope<"connection:check">,
  secret: CurrentSecret,
  destinations: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(destinations)];
  const rows = await db.allowedDestination.findMany({
    where: { secretId: secret.id, version: secret.version, destination: { in: wanted } },
    select: { destination: true },
  });
  const allowed = new Set(rows.map(({ destination }) => destination));
  const missing = wanted.filter((destination) => !allowed.has(destination));
  if (missing.length === 0 || !mayAllow(scope, secret)) return missing;
  const { fabricId, teamId, actor } = scope;
  await db.$transaction(async (tx) => {
    await tx.allowedDestination.createMany({
      data: missing.map((destination) => ({
        fabricId,
        secretId: secret.id,
        version: secret.version,
        destination,
        createdById: actor.id,
        createdByName: actor.name,
      })),
      skipDuplicates: true,
    });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "destination.allow",
      object: { kind: "secret", id: secret.id, name: secret.name },
      details: { destination: missing, version: secret.version },
    });
  });
  return [];
}

/** A person who replaced one field may not send the others, which somebody else entered, to a place of their choice. */
function mayAllow(
  { role, actor }: Scope<"connection:check">,
  { manifest, enteredBy }: CurrentSecret,
): boolean {
  return role === "admin" || Object.values(manifest).every((version) => enteredBy.get(version) === actor.id);
}
