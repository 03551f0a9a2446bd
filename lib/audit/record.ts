import "server-only";
import type { Actor } from "@/lib/access/scope";
import type { AuditAction, ObjectKind } from "@/lib/audit/schema";
import type { Db, Tx } from "@/lib/db";

/** One event of the audit log. `details` hold names, numbers and codes, never anything that was typed as a value. */
export type AuditEntry = {
  actor: { kind: Actor["kind"]; id: string; name: string; accessToken?: { id: string; name: string } };
  teamId: string | null;
  fabricId: string | null;
  action: AuditAction;
  object: { kind: ObjectKind; id: string; name: string };
  details?: Record<string, string | number | boolean | readonly string[]>;
};

/** The database took an audit event without an error and did not keep it, as a trigger can bring about. */
export class AuditNotKept extends Error {
  override name = "AuditNotKept";
}

/**
 * Records events in the caller's transaction, so that an act and its record are committed together or not at all. Throws
 * `AuditNotKept`, which ends the transaction, when the database kept fewer.
 */
export async function record(tx: Tx | Db, ...entries: AuditEntry[]): Promise<void> {
  const { count } = await tx.auditEvent.createMany({ data: entries.map(eventRow) });
  if (count !== entries.length)
    throw new AuditNotKept(`The database kept ${count} of ${entries.length} audit events.`);
}

/** The columns of one event; `at` and `writer` are the database's own word. */
export function eventRow({ actor, teamId, fabricId, action, object, details }: AuditEntry) {
  return {
    teamId,
    fabricId,
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    action,
    objectKind: object.kind,
    objectId: object.id,
    objectName: object.name,
    details: { ...details, ...tokenDetails(actor) },
  };
}

function tokenDetails({ accessToken }: AuditEntry["actor"]) {
  return accessToken === undefined ? {} : { accessToken: accessToken.name, accessTokenId: accessToken.id };
}
