import type { UsableSecret } from "@/automate/secrets/current-secret";
import type { Scope } from "@/lib/access/scope";
import { preparedQuery } from "@/lib/db/prepared";

/** The reads of one secret by one pipeline in one way that are not stored yet. */
type Reader = {
  secretId: string;
  fabricId: string;
  readerId: string;
  readerName: string;
  connection: string;
  name: string;
  version: number;
  reads: number;
  lastAt: number;
  storedAt: number;
};

const sweepMs = 250;
/** How often a pipeline that keeps reading a secret is stored. */
const repeatMs = 60_000;
const rowsAtOnce = 1_000;
const retryMs = 5_000;

const readers = new Map<string, Reader>();
// On `globalThis`, so that tests of one process can stop the sweeps of an earlier file.
const shared = globalThis as typeof globalThis & { selvageReaders?: NodeJS.Timeout | undefined };
let storing = Promise.resolve();
let retryAt = 0;

/**
 * Notes that a pipeline received a secret at this version, by its name or through `connection`, or heard that
 * its copy is current. Call it after the audit event is committed or counted.
 *
 * Stored in `secret_reader` without a write per read: a reader's first read within 250 ms, later ones once a
 * minute. A killed automate loses what it has not stored; the audit log has those reads.
 */
export function noteRead({ actor }: Scope<"secret:use">, secret: UsableSecret, connection = ""): void {
  const name = connection === "" ? secret.requestedName : "";
  // None of these texts contains U+0000, because Postgres cannot store it.
  const key = `${secret.id}\0${actor.id}\0${actor.name}\0${connection}\0${name}`;
  let reader = readers.get(key);
  if (reader === undefined) {
    const { id: secretId, fabricId, version } = secret;
    const who = { readerId: actor.id, readerName: actor.name };
    const never = Number.NEGATIVE_INFINITY;
    reader = { secretId, fabricId, ...who, connection, name, version, reads: 0, lastAt: 0, storedAt: never };
    readers.set(key, reader);
  }
  // A pipeline that changes to another version is stored at once, like a new one.
  if (reader.version !== secret.version) reader.storedAt = Number.NEGATIVE_INFINITY;
  reader.version = secret.version;
  reader.reads += 1;
  reader.lastAt = performance.now();
  shared.selvageReaders ??= setInterval(storeDue, sweepMs).unref();
}

/** Stores all noted reads. Throws when that failed; they are then kept for the next attempt. */
export function storeReaders(): Promise<void> {
  return store(() => true);
}

/** Reads that cannot be stored, for example during an outage, are stored by a later sweep. */
function storeDue(): void {
  if (performance.now() < retryAt) return;
  const before = performance.now() - repeatMs;
  for (const [key, { reads, storedAt }] of readers) if (reads === 0 && storedAt < before) readers.delete(key);
  if (readers.size === 0) {
    clearInterval(shared.selvageReaders);
    delete shared.selvageReaders;
  } else
    store(({ storedAt }) => storedAt < before).catch(() => {
      retryAt = performance.now() + retryMs;
    });
}

/** One after another: two at once would store the same reads twice. */
function store(isDue: (reader: Reader) => boolean): Promise<void> {
  storing = storing
    .catch(() => {})
    .then(async () => {
      const due = [...readers.values()].filter((reader) => reader.reads > 0 && isDue(reader));
      for (let at = 0; at < due.length; at += rowsAtOnce) await storeRows(due.slice(at, at + rowsAtOnce));
    });
  return storing;
}

// In the order of the key, so that two copies of automate do not lock rows in opposite orders. Joined with
// `secret`, because a purged one has no readers.
const upsert = preparedQuery(
  `INSERT INTO secret_reader ("secretId", "readerId", "readerName", connection, name, "fabricId", "lastVersion", "lastReadAt", reads)
   SELECT r."secretId", r."readerId", r."readerName", r.connection, r.name, r."fabricId", r.version, now() - r."msAgo" * interval '1 ms', r.reads
   FROM jsonb_to_recordset($1::jsonb) AS r("secretId" text, "readerId" text, "readerName" text, connection text, name text,
     "fabricId" text, version int, "msAgo" float8, reads int)
   JOIN secret s ON s.id = r."secretId"
   ORDER BY 1, 2, 3, 4, 5
   ON CONFLICT ("secretId", "readerId", "readerName", connection, name) DO UPDATE SET
     "lastVersion" = CASE WHEN excluded."lastReadAt" < secret_reader."lastReadAt" THEN secret_reader."lastVersion" ELSE excluded."lastVersion" END,
     "lastReadAt" = greatest(secret_reader."lastReadAt", excluded."lastReadAt"),
     reads = secret_reader.reads + excluded.reads`,
);

async function storeRows(due: readonly Reader[]): Promise<void> {
  const now = performance.now();
  // A duration, not a timestamp: the clocks of automate and Postgres may differ.
  const rows = due.map(({ lastAt, storedAt: _, ...row }) => ({ ...row, msAgo: now - lastAt }));
  await upsert(JSON.stringify(rows));
  for (const [i, reader] of due.entries()) {
    reader.reads -= rows[i]?.reads ?? 0;
    // A version that came meanwhile is still to be stored.
    if (reader.version === rows[i]?.version) reader.storedAt = now;
  }
}
