import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { isInvalidText } from "@/lib/db/errors";

const minuteMs = 60_000;
/** With this many keys in a minute, automate commits the counts before the minute ends. */
const maxKeys = 10_000;

type Counted = { entry: AuditEntry; count: number; lastAt: number };
let counts = new Map<string, Counted>();
const recordedInMinute = new Map<string, number>();
let timer: NodeJS.Timeout | undefined;
let flushing = Promise.resolve();

/**
 * Counts frequent events that return no secret value. Commits one event for each `key` and minute, with its
 * count and the age of the last occurrence, when the minute ends or automate stops.
 */
export function aggregate(key: string, entry: AuditEntry): void {
  const previous = counts.get(key);
  counts.set(key, { entry, count: (previous?.count ?? 0) + 1, lastAt: performance.now() });
  timer ??= setTimeout(flushOnTimer, minuteMs - (Date.now() % minuteMs)).unref();
  if (counts.size === maxKeys) flushOnTimer();
}

/** Commits the first event of a `key` in a minute at once, and counts the others of that minute. */
export async function recordOrAggregate(key: string, entry: AuditEntry): Promise<void> {
  const minute = Math.floor(Date.now() / minuteMs);
  if (recordedInMinute.get(key) === minute) return aggregate(key, entry);
  if (recordedInMinute.size >= maxKeys) recordedInMinute.clear();
  recordedInMinute.set(key, minute);
  try {
    await recordBatched(entry);
  } catch (error) {
    // Nothing was recorded, so the next event of this minute is committed at once.
    recordedInMinute.delete(key);
    throw error;
  }
}

/** The refusals of one actor and action that have events of their own in a minute. */
const maxRefusals = 50;
let refusals = { minute: 0, keysOf: new Map<string, Set<string>>() };

/**
 * `recordOrAggregate` for refusals. In each minute, the first 50 `key`s of an actor and action have their own
 * events; all further ones share one with their count. Otherwise a token could fill the audit log by ever new
 * names, versions or addresses.
 */
export async function recordRefusal(key: string, entry: AuditEntry): Promise<void> {
  const minute = Math.floor(Date.now() / minuteMs);
  if (refusals.minute !== minute) refusals = { minute, keysOf: new Map() };
  const { actor, action, object } = entry;
  const group = JSON.stringify([actor.id, action]);
  const keys = refusals.keysOf.get(group) ?? new Set();
  refusals.keysOf.set(group, keys);
  if (!keys.has(key) && keys.size >= maxRefusals)
    return recordOrAggregate(JSON.stringify(["more refusals", group]), {
      ...entry,
      object: object.kind === "token" ? object : { kind: object.kind, id: "", name: "" },
      details: { code: "more" },
    });
  keys.add(key);
  await recordOrAggregate(key, entry);
}

/**
 * Commits all counts, each as its own audit event. Counts that fail are kept for the next flush, except those
 * with text that Postgres cannot store. Throws when a commit failed. Flushes run one after another, because a
 * failed one puts its counts back.
 */
export function flushAggregatedEvents(): Promise<void> {
  flushing = flushing.catch(() => {}).then(flushCounted);
  return flushing;
}

async function flushCounted(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  const flushed = counts;
  counts = new Map();
  const outcomes = await Promise.allSettled(
    [...flushed].map(async ([key, { entry, count, lastAt }]) => {
      // A duration, not a timestamp: the clocks of automate and Postgres may differ.
      const lastMsAgo = Math.round(performance.now() - lastAt);
      try {
        await recordBatched({ ...entry, details: { ...entry.details, count, lastMsAgo } });
      } catch (error) {
        const newer = counts.get(key);
        if (!isInvalidText(error))
          counts.set(key, { entry, count: count + (newer?.count ?? 0), lastAt: newer?.lastAt ?? lastAt });
        throw error;
      }
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

/** Counts that cannot be committed are committed with those of the next minute. */
function flushOnTimer(): void {
  flushAggregatedEvents().catch(() => {
    timer ??= setTimeout(flushOnTimer, minuteMs).unref();
  });
}
