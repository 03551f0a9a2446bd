import "server-only";
import { type AuditEntry, eventsJson, insertEvents } from "@/lib/audit/record";
import { createBatcher } from "@/lib/db/batch";
import { isRefused, statement } from "@/lib/db/prepared";

/**
 * True when the part `recorded` of a statement inserted as many events as it was given; otherwise the whole statement fails and
 * nothing of it is committed. A trigger can swallow a row without an error: no value may leave because of that. The failed cast
 * puts the sentence into Postgres's log; its code, 22007, arises from nothing that we store.
 */
export function allRecorded(given = "jsonb_array_length($1::jsonb)"): string {
  const sentence = `'The database kept ' || (SELECT count(*) FROM recorded) || ' of ' || ${given} || ' audit events.'`;
  return `CASE WHEN (SELECT count(*) FROM recorded) = ${given} THEN true ELSE (${sentence})::date IS NULL END`;
}

const insert = statement<{ recorded: true }>(
  `WITH recorded AS (${insertEvents}) SELECT ${allRecorded()} AS recorded`,
);

/** Records nothing by the very statement that records: what keeps it from recording keeps this from being done. */
export async function recordNothing(): Promise<void> {
  await insert(eventsJson([]));
}

const submit = createBatcher<AuditEntry, undefined>(
  async (entries) => {
    await insert(eventsJson(entries));
    return entries.map(() => undefined);
  },
  // One event that Postgres refuses must not take the others with it.
  { maxItems: 500, lanes: 2, isAlone: isRefused },
);

/**
 * Records events that stand by themselves, beside no other write. Returns once they are committed, all or none; what others
 * record at the same time shares the commit. Throws when it cannot be known that they are.
 */
export async function recordBatched(...entries: AuditEntry[]): Promise<void> {
  await submit(entries);
}
