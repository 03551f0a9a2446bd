import { Refusal } from "@/automate/http/error";
import { addDestinations } from "@/automate/secrets/add-destinations";
import { recordRefusal } from "@/automate/secrets/aggregated-events";
import { findMissing, type SentSecret } from "@/automate/secrets/allowed-destinations";
import type { SendingPurpose } from "@/automate/secrets/purpose";
import { formatDestination } from "@/lib/connectors/format-destination";
import { db } from "@/lib/db/client";
import { getDestinationRule } from "@/lib/destinations/queries";

/** A CA certificate is sent nowhere: `openSecrets` requires the destinations of the secret it vouches for. */
type Sent = Exclude<SendingPurpose, { for: "authority" }>;

/**
 * Returns when every destination is allowed for the current version of its secret. In an open fabric, it
 * allows a new one and records that. Otherwise throws `Refusal`, after recording it.
 */
export async function requireDestinations(purpose: Sent): Promise<void> {
  const { scope, openings } = purpose;
  // The types forbid an opening without destinations. This check also covers casts.
  if (openings.some(({ destinations }) => destinations.length === 0)) throw refusalOf(purpose);
  const sender = purpose.for === "check" ? "checks" : "pipelines";
  const [first, ...rest] = await findMissing(scope.fabricId, openings as readonly SentSecret[], sender);
  if (first === undefined) return;
  const missing = [first, ...rest];
  if ((await getDestinationRule(scope)) === "open") {
    await db.$transaction(async (tx) => {
      for (const { secret, destinations } of missing)
        await addDestinations(tx, scope, secret, destinations, "destination.allow", {
          details: { reason: "open" },
        });
    });
    return;
  }
  await recordMissing(purpose, missing);
  throw refusalOf(purpose, first);
}

/** Pipelines retry, so the first refusal of a minute is recorded at once and the others are counted. */
async function recordMissing(purpose: Sent, missing: readonly SentSecret[]): Promise<void> {
  // The caller of a check records its result.
  if (purpose.for === "check") return;
  const { actor, teamId, fabricId } = purpose.scope;
  const { source } = purpose;
  for (const { secret, destinations } of missing) {
    const secretObject = { kind: "secret" as const, id: secret.id, name: secret.name };
    const object =
      purpose.for === "connection" ? { kind: "connection" as const, ...purpose.via } : secretObject;
    await recordRefusal(
      JSON.stringify(["destination", actor.id, source, object.id, secret.id, destinations]),
      {
        actor,
        teamId,
        fabricId,
        action: purpose.for === "connection" ? "connection.refuse" : "secret.refuse",
        object,
        details: {
          code: "destination_not_allowed",
          destination: destinations,
          version: secret.version,
          source,
          ...(purpose.for === "connection" ? { secret: secret.name } : {}),
        },
      },
    );
  }
}

function refusalOf(purpose: Sent, missing?: SentSecret): Refusal {
  const code = "destination_not_allowed";
  if (purpose.for === "check" || !missing)
    return new Refusal(403, code, "The destination is not allowed for this secret.");
  const description = missing.destinations.map((key) => formatDestination(key)).join(", and to ");
  const { name } = missing.secret;
  return new Refusal(
    409,
    code,
    purpose.for === "token"
      ? `No token was requested. Secret “${name}” would be sent to ${description}, which nobody has allowed for its current value. In Selvage, an Admin of the team can allow it on the page of secret “${name}”.`
      : `Connection “${purpose.via.name}” would send secret “${name}” to ${description}, which nobody has allowed for the secret’s current value. In Selvage, open connection “${purpose.via.name}” and choose Check: an Admin of the team can allow the destination there, and others can ask for approval.`,
  );
}
