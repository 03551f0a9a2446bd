import "server-only";
import { type AuditEntry, eventsJson, insertEvents } from "@/lib/audit/record";
import { createLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";

/**
 * SQL that is true when `recorded` inserted as many events as it was given, and that otherwise fails the
 * whole statement. This stops a trigger that silently drops audit rows: no value may leave unaudited.
 * The failing cast writes the sentence to Postgres's log. Its code, 22007, cannot come from anything else
 * that Selvage stores.
 */
export function allRecorded(expected = "jsonb_array_length($1::jsonb)"): string {
  const message = `'The database stored ' || (SELECT count(*) FROM recorded) || ' of ' || ${expected} || ' audit events.'`;
  return `CASE WHEN (SELECT count(*) FROM recorded) = ${expected} THEN true ELSE (${message})::date IS NULL END`;
}

const insert = preparedQuery<{ recorded: true }>(
  `WITH recorded AS (${insertEvents}) SELECT ${allRecorded()} AS recorded`,
);

/**
 * Runs the recording statement without events. It fails whenever recording would fail; readiness uses it as a
 * probe.
 */
export async function probeRecording(): Promise<void> {
  await insert(eventsJson([]));
}

const insertBatched = createLoader<AuditEntry, undefined>(async (entries) => {
  await insert(eventsJson(entries));
  return entries.map(() => undefined);
});

/**
 * Records events outside any other transaction. Returns after the commit. Concurrent callers share a commit.
 * Throws when Postgres refused an event or the outcome is unknown; other events may then be recorded.
 */
export async function recordBatched(...entries: AuditEntry[]): Promise<void> {
  await insertBatched(entries);
}
