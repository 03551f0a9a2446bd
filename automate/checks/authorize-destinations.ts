import type { PreparedCheck } from "@/automate/checks/prepare-check";
import { findConnectionOfToken } from "@/automate/checks/ten-minute-rule";
import { actFor } from "@/automate/http/act-for";
import { addDestinations } from "@/automate/secrets/add-destinations";
import { findMissing } from "@/automate/secrets/allowed-destinations";
import { tokenOfVersion } from "@/automate/secrets/entered-recently";
import { isEnteredOnlyBy } from "@/automate/secrets/settle-version";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { mayNow, type Scope } from "@/lib/access/scope";
import type { CheckResult, NewDestinationsByName } from "@/lib/connectors/check-protocol";
import { authorityOf, withoutParameters } from "@/lib/connectors/destination";
import { db, type Tx } from "@/lib/db/client";
import { areAllowed, getDestinationRule } from "@/lib/destinations/queries";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";

/**
 * The destinations of one secret that are not allowed yet. `field` is the connection field that references
 * the secret.
 */
export type NewDestinations = { field: string; secret: SecretWithAuthors; destinations: string[] };

/**
 * Whether a check may run. `unconfirmed`: this person may allow the new destinations but has not confirmed
 * them.
 */
export type Decision =
  | { state: "allowed" }
  | { state: "unconfirmed" | "refused"; missing: [NewDestinations, ...NewDestinations[]] }
  | { state: "unreached"; result: Failed };

type Failed = Extract<CheckResult, { ok: false }>;

/** A person's confirmation of these settings, and of the destinations that an earlier check showed them. */
export type Confirmation = {
  isConfirmed: boolean;
  shownDestinations?: NewDestinationsByName | undefined;
  /**
   * Reaches the servers of these fields without a value. Null for a person who saves settings without a check,
   * and for background checks.
   */
  reach: ((fields: readonly string[]) => Promise<CheckResult>) | null;
  /** The stored connection that names the destinations. Without one, an access token allows nothing. */
  connectionId?: string | undefined;
};

/**
 * Decides whether a check may send its secrets to its destinations, and allows the new ones if it may.
 *
 * A check first reaches a new destination: a person is not asked about a server that does not exist, and a
 * typing mistake is never allowed.
 * One decision covers all destinations, so that none is allowed for a check that does not run. New destinations
 * are allowed when this person may allow all of them. Outside an open fabric, the person must also have
 * confirmed exactly these settings, because a colleague may have entered them. A destination that comes from
 * a secret counts as confirmed only after the person was shown it. For an access token, the ten-minute rule
 * decides in addition.
 */
export async function authorizeDestinations(
  scope: Scope<"connection:check">,
  prepared: Pick<PreparedCheck, "openings">,
  confirmation: Confirmation,
): Promise<Decision> {
  const [first, ...rest] = await newDestinations(scope.fabricId, prepared);
  if (first === undefined) return { state: "allowed" };
  const missing: [NewDestinations, ...NewDestinations[]] = [first, ...rest];
  const result = await confirmation.reach?.(missing.map(({ field }) => field));
  if (result?.ok === false) return { state: "unreached", result };
  const rule = await getDestinationRule(scope);
  const denied = missing.filter(({ secret }) => !mayAllow(scope, secret, rule));
  const [refused, ...others] = denied;
  if (refused) return { state: "refused", missing: [refused, ...others] };
  if (rule !== "open" && !(await isEachConfirmed(scope, missing, confirmation)))
    return { state: "unconfirmed", missing };
  return actFor(scope.actor, async (tx): Promise<Decision> => {
    const details = await detailsOf(tx, scope, missing, rule, confirmation);
    if (details === null) return { state: "unconfirmed", missing };
    for (const { secret, destinations } of missing)
      await addDestinations(tx, scope, secret, destinations, "destination.allow", { details });
    return { state: "allowed" };
  });
}

/** The details of the audit event, or null when an access token may not allow the destinations. */
async function detailsOf(
  tx: Tx,
  scope: Scope<"connection:check">,
  missing: readonly NewDestinations[],
  rule: DestinationRule,
  { connectionId }: Confirmation,
): Promise<Record<string, string> | null> {
  if (rule === "open") return { reason: rule };
  const { actor } = scope;
  if (actor.kind !== "user" || actor.accessToken === undefined) return {};
  const tokenId = actor.accessToken.id;
  const connection = await findConnectionOfToken(tx, scope, { tokenId, connectionId, missing });
  return connection && { reason: "token", connection: connection.name };
}

/** Returns the destinations of a check that are not allowed yet, by field. */
export async function newDestinations(
  fabricId: string,
  { openings }: Pick<PreparedCheck, "openings">,
): Promise<NewDestinations[]> {
  const sent = openings.map(({ field, opening: { secret, destinations } }) => ({
    field,
    secret,
    destinations: [...new Set(destinations)],
  }));
  return findMissing(fabricId, sent, "checks");
}

/** True when the person was shown each of these destinations, or entered it with their settings. */
async function isEachConfirmed(
  scope: Scope<"connection:check">,
  missing: readonly NewDestinations[],
  { isConfirmed, shownDestinations = [] }: Omit<Confirmation, "reach">,
): Promise<boolean> {
  for (const { secret, destinations } of missing)
    for (const destination of destinations) {
      const isShown = shownDestinations.some(
        (shown) => shown.secret === secret.name && shown.destinations.includes(destination),
      );
      if (!isShown && !(isConfirmed && (await isInSettings(scope, secret, destination)))) return false;
    }
  return true;
}

/**
 * True for a destination that the settings show. One that comes from a secret counts only if its certificate
 * authority is trusted and its token server already allowed. A colleague may have changed it, and a person who
 * picks the secret by name would not see that.
 */
async function isInSettings(
  { fabricId, actor }: Scope<"connection:check">,
  { id: secretId, version }: SecretWithAuthors,
  destination: string,
): Promise<boolean> {
  const reference = authorityOf(destination);
  if (reference) {
    const authority = await findSecretById({ fabricId }, reference.id);
    if (!authority || !(await isTrustedAuthority(authority, reference.version, actor.id))) return false;
  }
  if (!destination.startsWith("oauth-token://")) return true;
  const server = { secretId, version, destination: withoutParameters(destination) };
  const [isAllowed] = await areAllowed(fabricId, [server], "checks");
  return isAllowed === true;
}

/** True for the first version of a certificate authority, and for one that its author or this person entered in the app. */
async function isTrustedAuthority(
  authority: SecretWithAuthors,
  version: number,
  personId: string,
): Promise<boolean> {
  if (version !== authority.version) return false;
  if (version === 1) return true;
  const authorId = authority.enteredBy.get(version) ?? "";
  if (authorId !== personId && authorId !== authority.enteredBy.get(1)) return false;
  return (await tokenOfVersion(db, authority, authorId)) === null;
}

/**
 * Prevents an attack: a person replaces one field of a secret, then sends the other fields, which somebody
 * else entered, to a server of their own.
 */
function mayAllow(
  scope: Scope<"connection:check">,
  secret: SecretWithAuthors,
  rule: DestinationRule,
): boolean {
  // Background checks have no person, so they cannot allow a destination.
  const { actor } = scope;
  if (actor.kind !== "user") return false;
  if (mayNow(scope, "destination:write")) return true;
  if (rule === "locked") return false;
  return rule === "open" || isEnteredOnlyBy(secret, actor.id);
}
