import "server-only";
import type { Actor } from "@/lib/access/scope";
import type { AuditAction, ObjectKind } from "@/lib/audit/schema";
import type { Db, Tx } from "@/lib/db";

/** One event of the audit log. `details` hold names, numbers and codes, never anything that was typed as a value. */
export type AuditEntry = {
  actor: { kind: Actor["kind"]; id: string; name: string; accessToken?: string };
  teamId: string | null;
  fabricId: string | null;
  action: AuditAction;
  object: { kind: ObjectKind; id: string; name: string };
  details?: Record<string, string | number | boolean | readonly string[]>;
};

/** Records events in the caller's transaction, so that an act and its record are committed together or not at all. */
export async function record(tx: Tx | Db, ...entries: AuditEntry[]): Promise<void> {
  // createMany asks for no row back: the role needs no right to read what it wrote.
  await tx.auditEvent.createMany({ data: entries.map(eventRow) });
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
    details: { ...details, ...(actor.accessToken === undefined ? {} : { accessToken: actor.accessToken }) },
  };
}
