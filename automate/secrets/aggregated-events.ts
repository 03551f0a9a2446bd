import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { isInvalidText } from "@/lib/db/errors";

const minuteMs = 60_000;
/** With this many keys in a minute, automate commits the counts before the minute ends. */
const mostKept = 10_000;

type Counted = { entry: AuditEntry; count: number; lastAt: number };
let counted = new Map<string, Counted>();
const toldIn = new Map<string, number>();
let timer: NodeJS.Timeout | undefined;
let flushing = Promise.resolve();

/**
 * Counts frequent events that return no secret value. Commits one event for each `key` and minute, with its
 * count and the age of the last occurrence, when the minute ends or automate stops.
 */
export function aggregate(key: string, entry: AuditEntry): void {
  const known = counted.get(key);
  counted.set(key, { entry, count: (known?.count ?? 0) + 1, lastAt: performance.now() });
  timer ??= setTimeout(flushInTime, minuteMs - (Date.now() % minuteMs)).unref();
  if (counted.size === mostKept) flushInTime();
}

/** Commits the first event of a `key` in a minute at once, and counts the others of that minute. */
export async function recordOrAggregate(key: string, entry: AuditEntry): Promise<void> {
  const minute = Math.floor(Date.now() / minuteMs);
  if (toldIn.get(key) === minute) return aggregate(key, entry);
  if (toldIn.size >= mostKept) toldIn.clear();
  toldIn.set(key, minute);
  try {
    await recordBatched(entry);
  } catch (error) {
    // Nothing was recorded, so the next event of this minute is committed at once.
    toldIn.delete(key);
    throw error;
  }
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
  const flushed = counted;
  counted = new Map();
  const outcomes = await Promise.allSettled(
    [...flushed].map(async ([key, { entry, count, lastAt }]) => {
      // A duration, not a timestamp: the clocks of automate and Postgres may differ.
      const lastMsAgo = Math.round(performance.now() - lastAt);
      try {
        await recordBatched({ ...entry, details: { ...entry.details, count, lastMsAgo } });
      } catch (error) {
        const since = counted.get(key);
        if (!isInvalidText(error))
          counted.set(key, { entry, count: count + (since?.count ?? 0), lastAt: since?.lastAt ?? lastAt });
        throw error;
      }
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

/** Counts that cannot be committed are committed with those of the next minute. */
function flushInTime(): void {
  flushAggregatedEvents().catch(() => {
    timer ??= setTimeout(flushInTime, minuteMs).unref();
  });
}
