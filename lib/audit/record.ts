import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Actor } from "@/lib/actor";
import type { AuditAction, ObjectKind } from "@/lib/audit/schema";
import type { Db, Tx } from "@/lib/db/client";

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
  const count = await tx.$executeRawUnsafe(insertEvents, eventsJson(entries));
  if (count !== entries.length)
    throw new AuditNotKept(`The database kept ${count} of ${entries.length} audit events.`);
}

const columns = `id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details`;

/** Inserts the events of `$1`, which is `eventsJson`, as a part of a statement that selects `allRecorded()` of it. */
export const insertEvents = `INSERT INTO audit_event (${columns})
   SELECT ${columns}
   FROM jsonb_to_recordset($1::jsonb) AS e(id text, "teamId" text, "fabricId" text, "actorKind" text, "actorId" text, "actorName" text,
     action text, "objectKind" text, "objectId" text, "objectName" text, details jsonb)
   RETURNING 1`;

/** The events of `insertEvents`, each with an id of its own. */
export function eventsJson(entries: readonly AuditEntry[]): string {
  return JSON.stringify(entries.map((entry) => ({ id: uuidv7(), ...eventRow(entry) })));
}

/** The columns of one event; `at` and `writer` are the database's own word. */
export function eventRow({ actor, teamId, fabricId, action, object, details }: AuditEntry) {
  return {
    teamId,
    fabricId,
    actorKind: actor.kind,
    actorId: actor.id,
    // Postgres takes no half of a surrogate pair in JSON.
    actorName: actor.name.toWellFormed(),
    action,
    objectKind: object.kind,
    objectId: object.id,
    objectName: object.name.toWellFormed(),
    details: { ...details, ...tokenDetails(actor) },
  };
}

function tokenDetails({ accessToken }: AuditEntry["actor"]) {
  return accessToken === undefined ? {} : { accessToken: accessToken.name, accessTokenId: accessToken.id };
}
