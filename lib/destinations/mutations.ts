import "server-only";
import type { Scope } from "@/lib/access/scope";
import { type Referenced, tokenServerOf } from "@/lib/connectors/secret-destinations";
import { db } from "@/lib/db/client";
import type { AskForApprovalInput, DecideRequestInput } from "@/lib/destinations/schema";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";
import { askAutomate } from "@/lib/internal-api/client";
import { fail, NotFound } from "@/lib/result";

// The right to choose a secret's destinations is as strong as the right to read it. So automate alone
// decides, writes and records this.

/**
 * Asks the Admins to allow a connection's new destinations. Returns `waiting: 0` when none is left to allow.
 */
export function askForApproval(
  scope: Scope<"connection:check">,
  { kind, name, properties, reason }: AskForApprovalInput,
) {
  return askAutomate(scope, "destination:ask", { kind, connectionName: name, properties, reason });
}

/** Allows or declines a request. */
export function decideRequest(scope: Scope<"destination:write">, input: DecideRequestInput) {
  return askAutomate(scope, "destination:decide", input);
}

/** Confirms a destination that an upgrade allowed. */
export function keepDestination(scope: Scope<"destination:write">, input: { destinationId: string }) {
  return askAutomate(scope, "destination:keep", input);
}

/** Removes an allowed destination. Selvage sends the secret there only after someone allows it again. */
export function removeDestination(scope: Scope<"destination:write">, input: { destinationId: string }) {
  return askAutomate(scope, "destination:remove", input);
}

/** Allows the token server that this version of an M2M OAuth secret names. */
export async function allowTokenServer(
  scope: Scope<"destination:write">,
  { secretId, version }: { secretId: string; version: number },
) {
  const { fabricId } = scope;
  const row = await db.secretVersion.findFirst({
    where: { secretId, version, fabricId, secret: { deletedAt: null } },
    select: { metadata: true },
  });
  const server = row && tokenServerOf(row.metadata as Referenced["metadata"]);
  if (!server) throw new NotFound("Version not found, or it names no token server.");
  const secrets = [{ field: "oauthClient", secretId, version, destinations: [server] }];
  const allowed = await askAutomate(scope, "destination:allow", { secrets, isShown: true });
  return allowed.ok && !allowed.value.isAllowed ? fail("refused") : allowed;
}

/** Sets who may send the secrets of a fabric to new destinations. */
export function setDestinationRule(scope: Scope<"destination:write">, input: { rule: DestinationRule }) {
  return askAutomate(scope, "destination:rule", input);
}
