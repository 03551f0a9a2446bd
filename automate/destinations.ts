import type { CurrentSecret } from "@/automate/current-secret";
import { isFresh, type Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db";

/**
 * Allows the destinations of a secret that are not allowed yet, when this person may: an Admin who signed in lately,
 * or whoever entered every field that the secret is made of now. Returns those that stay refused.
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
  await db.$transaction((tx) => addDestinations(tx, scope, secret, missing, "destination.allow"));
  return [];
}

/** Writes allowances for the current version, with their audit event. */
export async function addDestinations(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"connection:check"> | Scope<"secret:write">,
  { id, name, version }: CurrentSecret,
  destinations: readonly string[],
  action: "destination.allow" | "destination.carry",
): Promise<void> {
  const by = { createdById: actor.id, createdByName: actor.name };
  await tx.allowedDestination.createMany({
    data: destinations.map((destination) => ({ fabricId, secretId: id, version, destination, ...by })),
    skipDuplicates: true,
  });
  const object = { kind: "secret" as const, id, name };
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action,
    object,
    details: { destination: destinations, version },
  });
}

/** A person who replaced one field may not send the others, which somebody else entered, to a place of their choice. */
function mayAllow(
  { role, actor }: Scope<"connection:check">,
  { manifest, enteredBy }: CurrentSecret,
): boolean {
  if (role === "admin" && isFresh(actor)) return true;
  return Object.values(manifest).every((version) => enteredBy.get(version) === actor.id);
}
