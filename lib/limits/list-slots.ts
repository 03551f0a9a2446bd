import "server-only";
import { Busy } from "@/lib/limits/busy";
import { createSlots, type Slots } from "@/lib/limits/slots";
import { noteBusy } from "@/lib/outages";
import { processState } from "@/lib/process-state";

/**
 * Fewer than the connections of a pool: slow searches must leave some for sign-ins, tokens and pages. More at once
 * would not be faster, because each program runs in one thread.
 */
const limits = { atOnce: 8, atOncePerKey: 3 };
/** The most lists and searches in progress, running and waiting: of one caller, and of all. */
const maxInProgress = { ofCaller: 100, ofAll: 400 };
/** How long a list waits for a slot, in milliseconds. */
const maxWaitMs = 10_000;
/** After a later page, its slot stays taken for this many times as long as the page took. */
const pauseFactor = 9;

/** Which page of a list to read. A later page of an answer that has begun is refused only when it waits too long. */
export type PageRequest = { limit?: number | undefined; isLater?: boolean | undefined };

type InProgress = { slots: Slots; byCaller: Map<string, number>; all: number };

const shared = processState<{ lists: InProgress }>();

/**
 * Runs one page of a list, or a search, in a slot. Bounds how many run at once: of one person or token, and of all.
 * Throws `Busy` when too many are in progress, or when no slot is free in time.
 *
 * A later page keeps its slot for a while after it was read. One caller's long lists, however many, thus use a part
 * of the processor, and other people's requests find it free.
 */
export async function inListSlot<T>(
  callerId: string,
  work: () => Promise<T>,
  { isLater = false }: PageRequest = {},
): Promise<T> {
  shared.lists ??= { slots: createSlots(limits), byCaller: new Map(), all: 0 };
  const lists = shared.lists;
  const own = lists.byCaller.get(callerId) ?? 0;
  if (!isLater && own >= maxInProgress.ofCaller) throw busy(true);
  if (!isLater && lists.all >= maxInProgress.ofAll) throw busy(false);
  count(lists, callerId, 1);
  let timer: NodeJS.Timeout | undefined;
  try {
    const slot = await lists.slots.acquire(callerId, (leave) => {
      timer = setTimeout(leave, maxWaitMs);
    });
    clearTimeout(timer);
    if (!slot) throw busy(own > 0);
    const startedAt = performance.now();
    return await work().finally(() => {
      if (isLater) setTimeout(slot.release, (performance.now() - startedAt) * pauseFactor);
      else slot.release();
    });
  } finally {
    clearTimeout(timer);
    count(lists, callerId, -1);
  }
}

function count(lists: InProgress, callerId: string, change: 1 | -1): void {
  lists.all += change;
  const own = (lists.byCaller.get(callerId) ?? 0) + change;
  if (own > 0) lists.byCaller.set(callerId, own);
  else lists.byCaller.delete(callerId);
}

function busy(isOwn: boolean): Busy {
  noteBusy();
  return isOwn
    ? new Busy(true, "Too many lists and searches at once: wait until your others have finished.")
    : new Busy(false, "Too many lists and searches are in progress: try again.");
}
