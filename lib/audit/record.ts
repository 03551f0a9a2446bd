import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Actor } from "@/lib/actor";
import type { AuditAction, ObjectKind } from "@/lib/audit/schema";
import type { Db, Tx } from "@/lib/db/client";

/**
 * One event of the audit log. `details` hold names, numbers and codes, never text that a user entered as a
 * value.
 */
export type AuditEntry = {
  actor: { kind: Actor["kind"]; id: string; name: string; accessToken?: { id: string; name: string } };
  teamId: string | null;
  fabricId: string | null;
  action: AuditAction;
  /** A backup, and the audit log itself, are no objects of a fabric: no list of events shows theirs. */
  object: { kind: ObjectKind | "backup" | "activity"; id: string; name: string };
  details?: Record<string, string | number | boolean | readonly string[]>;
};

/**
 * Postgres accepted an audit event without an error but did not store it, for example because of a trigger.
 */
class AuditNotRecorded extends Error {
  override name = "AuditNotRecorded";
}

/**
 * Records events in the caller's transaction, so that an act and its event commit together or not at all.
 * Throws `AuditNotRecorded`, which rolls the transaction back, when Postgres stored fewer events.
 */
export async function record(tx: Tx | Db, ...entries: AuditEntry[]): Promise<void> {
  const count = await tx.$executeRawUnsafe(insertEvents, eventsJson(entries));
  if (count !== entries.length)
    throw new AuditNotRecorded(`The database stored ${count} of ${entries.length} audit events.`);
}

const columns = `id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details`;

/**
 * Inserts the events of `$1`, made by `eventsJson`. Use it as the part `recorded` of a statement that selects
 * `allRecorded()`.
 */
export const insertEvents = `INSERT INTO audit_event (${columns})
   SELECT ${columns}
   FROM jsonb_to_recordset($1::jsonb) AS e(id text, "teamId" text, "fabricId" text, "actorKind" text, "actorId" text, "actorName" text,
     action text, "objectKind" text, "objectId" text, "objectName" text, details jsonb)
   RETURNING 1`;

/** The events for `insertEvents`, each with a new id. */
export function eventsJson(entries: readonly AuditEntry[]): string {
  return JSON.stringify(entries.map((entry) => ({ id: uuidv7(), ...eventRow(entry) })));
}

/** The columns of one event. Postgres itself sets `at` and `writer`. */
function eventRow({ actor, teamId, fabricId, action, object, details }: AuditEntry) {
  return {
    teamId,
    fabricId,
    actorKind: actor.kind,
    actorId: actor.id,
    // Postgres refuses a lone surrogate in JSON.
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
