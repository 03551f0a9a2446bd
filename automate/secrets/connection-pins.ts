import { Refusal } from "@/automate/http/error";
import { arePinned, type ConnectionPins } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { AuditAction, ObjectKind } from "@/lib/audit/schema";
import { nestedMark } from "@/lib/connectors/nested-reference";
import type { Tx } from "@/lib/db/client";
import type { ConfirmedConnection } from "@/lib/internal-api/bodies/pipeline-token";

/** Throws `Refusal` 409 when the connection references a secret that no Admin confirmed for this scope. */
export function requirePinned(
  scope: Scope<"secret:use">,
  connectionId: string,
  secretIds: readonly string[],
): void {
  if (arePinned(scope, connectionId, secretIds)) return;
  throw new Refusal(
    409,
    "connection_not_confirmed",
    "This connection references different secrets than when an Admin limited the token to it. An Admin can confirm them in the fabric's Advanced tab.",
  );
}

/** Returns the secrets that these connections of the fabric reference now, without those that are never sent. */
export async function findReferences(
  tx: Tx,
  fabricId: string,
  connectionIds: readonly string[],
): Promise<ConnectionPins> {
  const rows = await tx.connectionSecret.findMany({
    where: { fabricId, connectionId: { in: [...connectionIds] }, field: { not: { contains: nestedMark } } },
    select: { connectionId: true, secretId: true },
    orderBy: { secretId: "asc" },
  });
  return Object.fromEntries(
    connectionIds.map((id) => {
      const secretIds = rows
        .filter(({ connectionId }) => connectionId === id)
        .map(({ secretId }) => secretId);
      return [id, [...new Set(secretIds)]];
    }),
  );
}

/** A pipeline token or trusted issuer that is limited to connections. */
type Limited = { id: string; name: string; connectionIds: string[]; pins: ConnectionPins };

/**
 * Returns the new pins of a token or issuer after an Admin confirmed the secrets of some of its connections.
 * Records each.
 *
 * Throws `Refusal` 409 when a connection is not one of its own, or no longer references the secrets that the
 * Admin was shown.
 */
export async function confirmPins(
  tx: Tx,
  scope: Scope<"token:write">,
  { id, name, connectionIds, pins }: Limited,
  { action, kind }: { action: AuditAction; kind: ObjectKind },
  confirmed: readonly ConfirmedConnection[],
): Promise<ConnectionPins> {
  const { fabricId, teamId, actor } = scope;
  const ids = confirmed.map(({ connectionId }) => connectionId);
  const current = await findReferences(tx, fabricId, ids);
  const isAsShown = confirmed.every(
    ({ connectionId, secretIds }) =>
      connectionIds.includes(connectionId) && haveSameIds(current[connectionId] ?? [], secretIds),
  );
  if (!isAsShown) throw new Refusal(409, "changed", "The connection has changed. Review it again.");
  const nameOf = await namesOf(tx, fabricId, ids, [...Object.values(current), ...Object.values(pins)].flat());
  const events = ids.map((connectionId): AuditEntry => {
    const [now, before] = [current[connectionId] ?? [], pins[connectionId] ?? []];
    const details = {
      connection: nameOf(connectionId),
      from: before.filter((one) => !now.includes(one)).map(nameOf),
      to: now.filter((one) => !before.includes(one)).map(nameOf),
    };
    return { actor, teamId, fabricId, action, object: { kind, id, name }, details };
  });
  await record(tx, ...events);
  return current;
}

function haveSameIds(some: readonly string[], others: readonly string[]): boolean {
  const [left, right] = [new Set(some), new Set(others)];
  return left.size === right.size && [...left].every((id) => right.has(id));
}

async function namesOf(
  tx: Tx,
  fabricId: string,
  connectionIds: readonly string[],
  secretIds: readonly string[],
): Promise<(id: string) => string> {
  const select = { id: true, name: true };
  const connections = await tx.connection.findMany({
    where: { fabricId, id: { in: [...connectionIds] } },
    select,
  });
  const secrets = await tx.secret.findMany({ where: { fabricId, id: { in: [...secretIds] } }, select });
  const names = new Map([...connections, ...secrets].map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? "(deleted)";
}
