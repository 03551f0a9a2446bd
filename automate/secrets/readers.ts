import type { Via } from "@/automate/secrets/purpose";
import { type StoredReads, type StoredSending, storeUses } from "@/automate/secrets/store-uses";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { processState } from "@/lib/process-state";

/** Reads that are not stored yet. */
type Reader = Omit<StoredReads, "msAgo"> & { lastAt: number; storedAt: number };

const sweepMs = 250;
/** How often a pipeline that keeps reading a secret is stored. */
const repeatMs = 60_000;
const rowsAtOnce = 1_000;
const retryMs = 5_000;

const readers = new Map<string, Reader>();
/** The secrets that checks sent since the last sweep. Checks are few, so each sweep stores them all. */
let sent = new Map<string, Omit<StoredSending, "msAgo"> & { lastAt: number }>();
// Here, so that tests of one process can stop the sweeps of an earlier file.
const shared = processState<{ readers: NodeJS.Timeout }>();
let storing = Promise.resolve();
let retryAt = 0;

/**
 * Notes that a pipeline received a secret at this version, by its name or `via` a connection, or heard that its
 * copy is current. Call it after the audit event is committed or counted.
 *
 * Stored without a write per read: a reader's first read within 250 ms, later ones once a
 * minute. A killed automate loses what it has not stored; the audit log has those reads.
 */
export function noteRead({ actor }: Scope<"secret:use">, secret: UsableSecret, via?: Via): void {
  const { id: connectionId = "", name: connection = "" } = via ?? {};
  const name = connection === "" ? secret.requestedName : "";
  // None of these texts contains U+0000, because Postgres cannot store it.
  const key = `${secret.id}\0${actor.id}\0${actor.name}\0${connection}\0${name}`;
  let reader = readers.get(key);
  if (reader === undefined) {
    const { id: secretId, fabricId, version } = secret;
    const who = { readerId: actor.id, readerName: actor.name };
    const way = { connection, connectionId, name };
    const never = Number.NEGATIVE_INFINITY;
    reader = { secretId, fabricId, ...who, ...way, version, reads: 0, lastAt: 0, storedAt: never };
    readers.set(key, reader);
  }
  // A pipeline that changes to another version is stored at once, like a new one.
  if (reader.version !== secret.version) reader.storedAt = Number.NEGATIVE_INFINITY;
  reader.version = secret.version;
  reader.reads += 1;
  reader.lastAt = performance.now();
  sweep();
}

/** Notes that a check sent secrets to a server, or that automate verified a token server by them. */
export function noteSent(secrets: readonly Pick<UsableSecret, "id" | "fabricId">[]): void {
  const lastAt = performance.now();
  for (const { id: secretId, fabricId } of secrets) sent.set(secretId, { secretId, fabricId, lastAt });
  sweep();
}

function sweep(): void {
  shared.readers ??= setInterval(storeDue, sweepMs).unref();
}

/** Stores all noted reads and sendings. Throws when that failed; they are then kept for the next attempt. */
export function storeReaders(): Promise<void> {
  return store(() => true);
}

/** Reads that cannot be stored, for example during an outage, are stored by a later sweep. */
function storeDue(): void {
  if (performance.now() < retryAt) return;
  const before = performance.now() - repeatMs;
  for (const [key, { reads, storedAt }] of readers) if (reads === 0 && storedAt < before) readers.delete(key);
  if (readers.size === 0 && sent.size === 0) {
    clearInterval(shared.readers);
    delete shared.readers;
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
      await storeSent();
      const due = [...readers.values()].filter((reader) => reader.reads > 0 && isDue(reader));
      for (let at = 0; at < due.length; at += rowsAtOnce) await storeReads(due.slice(at, at + rowsAtOnce));
    });
  return storing;
}

async function storeSent(): Promise<void> {
  if (sent.size === 0) return;
  const due = sent;
  sent = new Map();
  const now = performance.now();
  try {
    await storeUses(
      [],
      [...due.values()].map(({ lastAt, ...row }) => ({ ...row, msAgo: now - lastAt })),
    );
  } catch (error) {
    sent = new Map([...due, ...sent]);
    throw error;
  }
}

async function storeReads(due: readonly Reader[]): Promise<void> {
  const now = performance.now();
  const rows = due.map(({ lastAt, storedAt: _, ...row }) => ({ ...row, msAgo: now - lastAt }));
  await storeUses(rows, []);
  for (const [i, reader] of due.entries()) {
    reader.reads -= rows[i]?.reads ?? 0;
    // A version that came meanwhile is still to be stored.
    if (reader.version === rows[i]?.version) reader.storedAt = now;
  }
}
