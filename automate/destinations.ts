import { addDestinations } from "@/automate/add-destinations";
import { findMissing } from "@/automate/allowed-destinations";
import type { CurrentSecret } from "@/automate/current-secret";
import type { PreparedCheck } from "@/automate/prepare-check";
import { isAllBy } from "@/automate/settle-version";
import { isFresh, type Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";
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
  const [first, ...rest] = await newDestinations(scope.fabricId, prepared);
  if (first === undefined) return { state: "allowed" };
  const missing: [NewDestinations, ...NewDestinations[]] = [first, ...rest];
  const rule = await getDestinationRule(scope);
  const denied = missing.filter(({ secret }) => !mayAllow(scope, secret, rule));
  const [refused, ...others] = denied;
  if (refused) return { state: "refused", missing: [refused, ...others] };
  if (!isConfirmed && rule !== "open") return { state: "unconfirmed", missing };
  await db.$transaction(async (tx) => {
    for (const { secret, destinations } of missing)
      await addDestinations(tx, scope, secret, destinations, "destination.allow", {
        reason: rule === "open" ? rule : undefined,
      });
  });
  return { state: "allowed" };
}

/** What of the places that a check goes to is new, by field. */
export async function newDestinations(
  fabricId: string,
  { openings }: Pick<PreparedCheck, "openings">,
): Promise<NewDestinations[]> {
  const sent = openings.map(({ field, opening: { secret, destinations } }) => ({
    field,
    secret,
    destinations: [...new Set(destinations)],
  }));
  return findMissing(fabricId, sent);
}

/** A person who replaced one field may not send the others, which somebody else entered, to a place of their choice. */
function mayAllow(
  { role, actor }: Scope<"connection:check">,
  secret: CurrentSecret,
  rule: DestinationRule,
): boolean {
  // Selvage by itself sends a secret only to where a person let it go.
  if (actor.kind !== "user") return false;
  if (role === "admin" && isFresh(actor)) return true;
  if (rule === "locked") return false;
  return rule === "open" || isAllBy(secret, actor.id);
}
