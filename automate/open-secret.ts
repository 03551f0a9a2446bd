import { sizeOf } from "@/automate/answer-budget";
import { requirePinned } from "@/automate/connection-pins";
import type { UsableSecret } from "@/automate/current-secret";
import type { FabricKeys } from "@/automate/fabric-keys";
import { openedSecrets } from "@/automate/metrics";
import { areReferenced } from "@/automate/named-connection";
import { type ReadPlace, recordUses, type SealedPlace } from "@/automate/record-uses";
import { Refusal } from "@/automate/refusal";
import { reachesConnection, reachesSecret } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import type { AuditEntry } from "@/lib/audit/record";
import { hostPortOf } from "@/lib/connectors/destination";
import { CannotOpen, open } from "@/lib/crypto/open";
import type { Plaintext } from "@/lib/crypto/plaintext";
import { db } from "@/lib/db";

/**
 * What values are opened for. A check names every place that each of them goes to; a pipeline receives them, `via` a
 * connection that references them or by themselves.
 */
export type Purpose =
  | { for: "check"; scope: Scope<"connection:check">; connection: string }
  | { for: "pipeline"; scope: Scope<"secret:use">; source: string; via?: { id: string; name: string } }
  /** The values go to the Auth URL among them, and no further: the pipeline receives a token. */
  | { for: "token"; scope: Scope<"secret:use">; source: string; via?: never };

/** One secret to open: which fields, and for a check the keys of the destinations they go to. */
export type Opening<S extends UsableSecret = UsableSecret> = {
  secret: S;
  fields: readonly string[];
  destinations: readonly string[];
};

export type Opened = Readonly<Record<string, Plaintext>>;

/**
 * The one function that opens. It does so only after the audit events of all openings are committed, and for a check
 * only when each destination is allowed for the secret's current version; whoever calls it need not be trusted with either.
 * Throws `Refusal` for a destination that is not allowed, `CannotOpen` for a value that is not as it was sealed.
 */
export async function openSecrets(
  keys: FabricKeys,
  purpose: Purpose,
  openings: readonly Opening[],
): Promise<Opened[]> {
  for (const opening of openings) await requireHome(purpose, opening);
  if (purpose.for !== "check") await requireReach(purpose, openings);
  const uses = openings.map((opening) => ({
    event: useOf(purpose, opening),
    places: placesOf(opening),
    sizeBytes: sizeOf([opening.secret]),
  }));
  const read = await recordUses(uses);
  openedSecrets.inc({ purpose: purpose.for }, openings.length);
  return Promise.all(openings.map((opening, i) => openFields(keys, opening, read[i] ?? [], purpose)));
}

/** A restricted scope opens what it names; through a connection, what that references now and an Admin confirmed. */
async function requireReach(
  { scope, via }: Purpose & { for: "pipeline" | "token" },
  openings: readonly Opening[],
): Promise<void> {
  const ids = [...new Set(openings.map(({ secret }) => secret.id))];
  const isReached = via
    ? reachesConnection(scope, via.id) && (await areReferenced(scope.fabricId, via.id, ids))
    : ids.every((id) => reachesSecret(scope, id));
  if (!isReached) throw new Refusal(404, "not_found", "There is no such secret.");
  if (via) requirePinned(scope, via.id, ids);
}

async function requireHome(
  { for: purpose, scope }: Purpose,
  { secret, destinations }: Opening,
): Promise<void> {
  if (secret.fabricId !== scope.fabricId) throw new Refusal(404, "not_found", "There is no such secret.");
  if (purpose !== "check") return;
  const wanted = [...new Set(destinations)];
  const allowed = await db.allowedDestination.count({
    where: {
      secretId: secret.id,
      version: secret.version,
      fabricId: scope.fabricId,
      destination: { in: wanted },
    },
  });
  if (wanted.length === 0 || allowed !== wanted.length) {
    throw new Refusal(403, "destination_not_allowed", "The secret may not be sent there.");
  }
}

/** Where the fields of an opening stand, each at the version in which it was last set. */
function placesOf({ secret, fields }: Opening): SealedPlace[] {
  return fields.flatMap((field) => {
    const version = secret.manifest[field];
    return version === undefined ? [] : [{ secretId: secret.id, field, version }];
  });
}

async function openFields(
  keys: FabricKeys,
  { secret, destinations }: Opening,
  read: readonly ReadPlace[],
  purpose: Purpose,
): Promise<Opened> {
  const { fabricId, subKind } = secret;
  const opened: Record<string, Plaintext> = {};
  for (const { place, found } of read) {
    if (!found) throw new CannotOpen();
    const key = await keys.privateKey(fabricId, found.kid);
    opened[place.field] = open(found.sealed, key, { fabricId, subKind, ...place });
  }
  // The host of an Auth URL is kept in clear and is web's word; what was sealed is what counts.
  const authHost = opened.authUrl && hostPortOf(opened.authUrl.revealText());
  const isListed = destinations.some((key) => key.split("?")[0] === `oauth-token://${authHost}`);
  if (purpose.for === "check" && authHost && !isListed) throw new CannotOpen();
  return opened;
}

function useOf(purpose: Purpose, { secret, fields, destinations }: Opening): AuditEntry {
  const { actor, teamId, fabricId } = purpose.scope;
  return {
    actor,
    teamId,
    fabricId,
    action: "secret.use",
    object: { kind: "secret", id: secret.id, name: secret.name },
    details: {
      purpose: purpose.for,
      version: secret.version,
      fields,
      name: secret.askedAs,
      ...(purpose.for === "check"
        ? { connection: purpose.connection, destination: destinations }
        : { source: purpose.source }),
      ...(purpose.for === "pipeline" && purpose.via ? { connection: purpose.via.name } : {}),
    },
  };
}
