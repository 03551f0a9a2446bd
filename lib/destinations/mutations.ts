import "server-only";
import type { Scope } from "@/lib/access/scope";
import { askAutomate } from "@/lib/automate/client";
import type { AskForApprovalInput, DecideRequestInput, DestinationRule } from "@/lib/destinations/schema";

// Who may send a secret where is power, so automate judges, writes and records all of it.

/** Asks the Admins to allow the new places of a connection; `waiting` is 0 when there is none any more. */
export function askForApproval(
  scope: Scope<"connection:check">,
  { kind, name, properties, reason }: AskForApprovalInput,
) {
  return askAutomate(scope, "destination:ask", { kind, connectionName: name, properties, reason });
}

/** Allows what was asked for, or declines it. */
export function decideRequest(scope: Scope<"destination:write">, input: DecideRequestInput) {
  return askAutomate(scope, "destination:decide", input);
}

/** Sets who may send the secrets of a fabric somewhere new. */
export function setDestinationRule(scope: Scope<"destination:write">, input: { rule: DestinationRule }) {
  return askAutomate(scope, "destination:rule", input);
}
