import { Refusal } from "@/automate/http/error";
import { openedSecrets } from "@/automate/http/metrics";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { raiseAlarm } from "@/automate/secrets/alarm";
import { sizeOf } from "@/automate/secrets/answer-memory";
import { requirePinned } from "@/automate/secrets/connection-pins";
import { areReferenced } from "@/automate/secrets/find-connection";
import type { Opening, Purpose, Sending } from "@/automate/secrets/purpose";
import { noteRead, noteSent } from "@/automate/secrets/readers";
import { recordUses, type SealedPosition, type StoredField } from "@/automate/secrets/record-uses";
import { requireDestinations } from "@/automate/secrets/require-destinations";
import { reachesConnection, reachesSecret } from "@/lib/access/restriction";
import { requireStillThere } from "@/lib/access/still-there";
import type { AuditEntry } from "@/lib/audit/record";
import { authorityOf, withoutParameters } from "@/lib/connectors/destination";
import { CannotOpen, open } from "@/lib/crypto/open";
import type { Plaintext } from "@/lib/crypto/plaintext";
import { hostPortOf } from "@/lib/egress/host";

export type Opened = Readonly<Record<string, Plaintext>>;

/**
 * The only function that opens secrets.
 *
 * It opens only after the audit events of all openings are committed, and only if every destination is allowed for the
 * version that is opened. It opens nothing of a secret in the trash. Callers need not check any of this.
 *
 * Throws `Refusal` for a destination that is not allowed and for a secret in the trash, `KeyServiceFault` when the
 * fabric's master key is not usable, and `CannotOpen` for a value that was changed after sealing.
 */
export async function openSecrets(keys: FabricKeys, purpose: Purpose): Promise<Opened[]> {
  const { openings, scope } = purpose;
  if (openings.some(({ secret }) => secret.fabricId !== scope.fabricId)) throw secretNotFound();
  if (purpose.for !== "check") await requireReach(purpose);
  // A check or a purchase of a token may have waited for its slot. A pipeline's read was just authorized.
  if (purpose.for !== "pipeline" && purpose.for !== "connection") await requireStillThere(scope);
  if (purpose.for === "authority") await requireDestinations(sendingOf(purpose));
  else if (purpose.for !== "pipeline") await requireDestinations(purpose);
  if (openings.length > 0) await keys.requireUsable(scope.fabricId);
  const uses = openings.map((opening) => ({
    event: eventOf(purpose, opening),
    positions: positionsOf(opening),
    sizeBytes: sizeOf([opening.secret]),
  }));
  const storedFields = await recordUses(uses);
  openedSecrets.inc({ purpose: purpose.for }, openings.length);
  if (purpose.for === "pipeline" || purpose.for === "connection") noteReads(purpose);
  if (purpose.for === "authority") noteSent(openings.map(({ secret }) => secret));
  return Promise.all(openings.map((opening, i) => openFields(keys, purpose, opening, storedFields[i] ?? [])));
}

/**
 * A limited token may open the secrets that it names. Through a connection, it may open those that the
 * connection references now and an Admin confirmed.
 */
async function requireReach(purpose: Exclude<Purpose, { for: "check" }>): Promise<void> {
  const { scope, openings } = purpose;
  const used = purpose.for === "authority" ? [purpose.trustedFor] : openings.map(({ secret }) => secret);
  const ids = [...new Set(used.map(({ id }) => id))];
  const mayOpen =
    purpose.for === "connection"
      ? reachesConnection(scope, purpose.via.id) && (await areReferenced(scope.fabricId, purpose.via.id, ids))
      : ids.every((id) => reachesSecret(scope, id));
  if (!mayOpen) throw secretNotFound();
  if (purpose.for === "connection") requirePinned(scope, purpose.via.id, ids);
}

/**
 * Returns the sending that CA certificates are opened for: each is named by the destinations of `trustedFor`.
 * Otherwise any value could be opened as a certificate.
 */
function sendingOf({ scope, source, trustedFor, openings }: Extract<Purpose, { for: "authority" }>) {
  const [first, ...others] = openings.flatMap(({ secret, fields, destinations }) => {
    const isNamed = destinations.every((key) => {
      const named = authorityOf(key);
      return named?.id === secret.id && named.version === secret.version;
    });
    if (!isNamed || fields.some((field) => field !== "value")) throw secretNotFound();
    return destinations;
  });
  if (first === undefined || trustedFor.fabricId !== scope.fabricId) throw secretNotFound();
  const sending = { secret: trustedFor, fields: [], destinations: [first, ...others] as const };
  return { for: "token" as const, scope, source, openings: [sending] };
}

/** A token's purchase is not noted here: several pipelines may share it, and most receive a cached one. */
function noteReads(purpose: Extract<Purpose, { for: "pipeline" | "connection" }>): void {
  const via = purpose.for === "connection" ? purpose.via : undefined;
  for (const { secret } of purpose.openings) noteRead(purpose.scope, secret, via);
}

function secretNotFound(): Refusal {
  return new Refusal(404, "not_found", "Secret not found.");
}

/** Returns the stored position of each field: the version that last set it. */
function positionsOf({ secret, fields }: Opening): SealedPosition[] {
  return fields.flatMap((field) => {
    const version = secret.manifest[field];
    return version === undefined ? [] : [{ secretId: secret.id, field, version }];
  });
}

async function openFields(
  keys: FabricKeys,
  { scope }: Purpose,
  opening: Opening | Sending,
  stored: readonly StoredField[],
): Promise<Opened> {
  const { secret } = opening;
  const { fabricId, subKind } = secret;
  const opened: Record<string, Plaintext> = {};
  const raise = ({ field, version }: Pick<SealedPosition, "field" | "version">) =>
    raiseAlarm({ scope, secret, field, version });
  // Found before somebody deleted it.
  if (stored.some(({ isTrashed }) => isTrashed)) throw secretNotFound();
  for (const { position, sealedField } of stored) {
    try {
      if (!sealedField) throw new CannotOpen();
      const key = await keys.privateKey(fabricId, sealedField.kid);
      opened[position.field] = open(sealedField.sealed, key, { fabricId, subKind, ...position });
    } catch (error) {
      if (error instanceof CannotOpen) await raise(position);
      throw error;
    }
  }
  // Web stores the host of an Auth URL unsealed, and a compromised web could change it. The sealed Auth URL
  // decides.
  if ("destinations" in opening && opened.authUrl) {
    const sealedServer = `oauth-token://${hostPortOf(opened.authUrl.revealText())}`;
    if (!opening.destinations.some((key) => withoutParameters(key) === sealedServer)) {
      await raise({ field: "authUrl", version: secret.manifest.authUrl ?? secret.version });
      throw new CannotOpen();
    }
  }
  return opened;
}

function eventOf(purpose: Purpose, opening: Opening | Sending): AuditEntry {
  const { actor, teamId, fabricId } = purpose.scope;
  const { secret, fields } = opening;
  return {
    actor,
    teamId,
    fabricId,
    action: "secret.use",
    object: { kind: "secret", id: secret.id, name: secret.name },
    details: {
      purpose: purpose.for === "check" && purpose.isRotation ? "rotation" : purpose.for,
      ...(secret.version < 0 ? { candidate: -secret.version } : { version: secret.version }),
      fields,
      name: secret.requestedName,
      ...(purpose.for === "check" ? { connection: purpose.connection } : { source: purpose.source }),
      ...(purpose.for === "connection" ? { connection: purpose.via.name } : {}),
      ...("destinations" in opening ? { destination: opening.destinations } : {}),
    },
  };
}
