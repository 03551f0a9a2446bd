import type { CurrentSecret } from "@/automate/current-secret";
import type { PreparedCheck } from "@/automate/prepare-check";
import { isFresh, type Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db";
import { getDestinationRule } from "@/lib/destinations/queries";
import type { DestinationRule } from "@/lib/destinations/schema";

/** Where a check would send a secret that it has not been allowed to go to; `field` holds the secret. */
export type NewDestinations = { field: string; secret: CurrentSecret; destinations: string[] };

/** Whether a check may go on: `unconfirmed` when its person may allow what is new and has not said that they mean it. */
export type Judgement =
  | { state: "allowed" }
  | { state: "unconfirmed" | "refused"; missing: [NewDestinations, ...NewDestinations[]] };

/**
 * Judges where a check would send its secrets: all of it together, so that nothing is allowed for a check that does not
 * run. What is new is allowed when this person may allow all of it and has confirmed these very settings: somebody else
 * may have entered them.
 */
export async function judgeDestinations(
  scope: Scope<"connection:check">,
  prepared: Pick<PreparedCheck, "openings">,
  isConfirmed: boolean,
): Promise<Judgement> {
  const [first, ...rest] = await newDestinations(prepared);
  if (first === undefined) return { state: "allowed" };
  const missing: [NewDestinations, ...NewDestinations[]] = [first, ...rest];
  const rule = await getDestinationRule(scope);
  const denied = missing.filter(({ secret }) => !mayAllow(scope, secret, rule));
  const [refused, ...others] = denied;
  if (refused) return { state: "refused", missing: [refused, ...others] };
  if (!isConfirmed && rule !== "open") return { state: "unconfirmed", missing };
  await db.$transaction(async (tx) => {
    for (const { secret, destinations } of missing)
      await addDestinations(tx, scope, secret, destinations, "destination.allow");
  });
  return { state: "allowed" };
}

/** What of the places that a check goes to is new, by field. */
export async function newDestinations({
  openings,
}: Pick<PreparedCheck, "openings">): Promise<NewDestinations[]> {
  const rows = await db.allowedDestination.findMany({
    where: {
      OR: openings.map(({ opening: { secret, destinations } }) => ({
        secretId: secret.id,
        version: secret.version,
        destination: { in: [...destinations] },
      })),
    },
    select: { secretId: true, destination: true },
  });
  const allowed = new Set(rows.map(({ secretId, destination }) => `${secretId} ${destination}`));
  return openings.flatMap(({ field, opening: { secret, destinations } }) => {
    const missing = [...new Set(destinations)].filter((place) => !allowed.has(`${secret.id} ${place}`));
    return missing.length > 0 ? [{ field, secret, destinations: missing }] : [];
  });
}

/** Writes allowances for the current version, with their audit event; whoever asked for them has their answer. */
export async function addDestinations(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"connection:check"> | Scope<"secret:write"> | Scope<"destination:write">,
  { id, name, version }: CurrentSecret,
  destinations: readonly string[],
  action: "destination.allow" | "destination.carry",
): Promise<void> {
  const by = { createdById: actor.id, createdByName: actor.name };
  await tx.allowedDestination.createMany({
    data: destinations.map((destination) => ({ fabricId, secretId: id, version, destination, ...by })),
    skipDuplicates: true,
  });
  await tx.$executeRaw`
    UPDATE destination_request
    SET decision = 'allowed', "decidedAt" = clock_timestamp(), "decidedByName" = ${actor.name}
    WHERE "secretId" = ${id} AND version = ${version} AND decision IS NULL
      AND destinations <@ ARRAY(
        SELECT destination FROM allowed_destination WHERE "secretId" = ${id} AND version = ${version})`;
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
  rule: DestinationRule,
): boolean {
  // Selvage by itself sends a secret only to where a person let it go.
  if (actor.kind !== "user") return false;
  if (role === "admin" && isFresh(actor)) return true;
  if (rule === "locked") return false;
  return rule === "open" || Object.values(manifest).every((version) => enteredBy.get(version) === actor.id);
}
