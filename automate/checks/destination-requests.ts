import { Refusal } from "@/automate/http/error";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** A request for approval: the connection's name and configuration, and the reason. */
type RequestDetails = { connectionName: string; configHash: string; reason: string };

/** The most requests of one person that may wait in a fabric. An Admin cannot review an endless list. */
const maxPending = 50;

/** Files a request for an Admin, unless an identical request already waits. */
export async function requestDestinations(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"connection:check">,
  { id: secretId, name, version }: SecretWithAuthors,
  destinations: readonly string[],
  { connectionName, configHash, reason }: RequestDetails,
): Promise<void> {
  const sorted = [...destinations].sort();
  // When two people ask at the same time, the second sees the first one's request.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`request:${secretId}:${configHash}`}, 0))`;
  const pending = await tx.destinationRequest.count({
    where: { secretId, version, configHash, destinations: { equals: sorted }, decision: null },
  });
  if (pending > 0) return;
  const own = await tx.destinationRequest.count({ where: { fabricId, askedById: actor.id, decision: null } });
  if (own >= maxPending)
    throw new Refusal(
      429,
      "too_many_requests",
      "Too many of your requests are waiting. Wait until an Admin decides them.",
    );
  await tx.destinationRequest.create({
    data: {
      fabricId,
      secretId,
      version,
      destinations: sorted,
      connectionName,
      configHash,
      reason,
      askedById: actor.id,
      askedByName: actor.name,
    },
    select: { id: true },
  });
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "destination.ask",
    object: { kind: "secret", id: secretId, name },
    details: { destination: sorted, version, connection: connectionName, reason },
  });
}

/** Declines a request. Its author sees who declined it. */
export async function declineRequest(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"destination:write">,
  { id: secretId, name, version }: SecretWithAuthors,
  request: { id: string; destinations: string[]; connectionName: string },
): Promise<void> {
  await tx.destinationRequest.update({
    where: { id: request.id },
    data: { decision: "declined", decidedAt: new Date(), decidedByName: actor.name },
    select: { id: true },
  });
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "destination.decline",
    object: { kind: "secret", id: secretId, name },
    details: { destination: request.destinations, version, connection: request.connectionName },
  });
}
