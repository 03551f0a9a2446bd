import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { isInvalidText } from "@/lib/db/prepared";

const minuteMs = 60_000;
/** More than this many things in a minute are recorded before it ends. */
const mostKept = 10_000;

type Counted = { entry: AuditEntry; count: number; lastAt: number };
let counted = new Map<string, Counted>();
const toldIn = new Map<string, number>();
let timer: NodeJS.Timeout | undefined;
let flushing = Promise.resolve();

/**
 * Counts what may happen often and hands no value out: one event for each `key` and minute, with its count and how long
 * ago the last one was, committed when the minute ends or automate stops.
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
    // The next is the first of its minute that is on record.
    toldIn.delete(key);
    throw error;
  }
}

/**
 * Commits what was counted so far, each by itself though they travel together. What could not be committed is counted on, but
 * for what Postgres can never hold. Throws when something was not committed. A flush under way goes first, whose counts may come
 * back.
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
      // A length of time and no time: the clocks of automate and Postgres may differ.
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

/** A minute that could not be recorded is recorded with the next. */
function flushInTime(): void {
  flushAggregatedEvents().catch(() => {
    timer ??= setTimeout(flushInTime, minuteMs).unref();
  });
}
