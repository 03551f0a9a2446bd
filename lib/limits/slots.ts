/** The most work that runs at once, and that waits: in all, and for one key. */
export type SlotLimits = {
  readonly atOnce?: number;
  readonly atOncePerKey?: number;
  readonly waiting?: number;
  readonly waitingPerKey?: number;
};

/** The right to run one piece of concurrent work, until `release`. A second `release` has no effect. */
export type Slot = { release(): void };

type Waiter = { start(slot: Slot): void };
/** Most requests find a free slot, so a queue has no set until somebody waits. */
type Queue = { running: number; waiters: Set<Waiter> | null };

/**
 * Bounds concurrent work, fairly by key: a key is a person, a token or a network. A free slot goes to the key
 * with the fewest running, and among these to the one that was served least recently.
 */
export function createSlots({
  atOnce = Number.POSITIVE_INFINITY,
  atOncePerKey = Number.POSITIVE_INFINITY,
  waiting: maxWaiting = Number.POSITIVE_INFINITY,
  waitingPerKey = Number.POSITIVE_INFINITY,
}: SlotLimits) {
  // In the order in which their last slots were released. A key without work has no queue, so the map stays small.
  const queues = new Map<string, Queue>();
  let running = 0;
  let waiting = 0;

  function begin(key: string, queue: Queue): Slot {
    running += 1;
    queue.running += 1;
    let isReleased = false;
    return {
      release() {
        if (isReleased) return;
        isReleased = true;
        running -= 1;
        queue.running -= 1;
        queues.delete(key);
        if (queue.running > 0 || waitersOf(queue) > 0) queues.set(key, queue);
        if (waiting > 0) assignSlots();
      },
    };
  }

  function forget(key: string, queue: Queue): void {
    if (queue.running === 0 && waitersOf(queue) === 0) queues.delete(key);
  }

  function assignSlots(): void {
    while (running < atOnce && waiting > 0) {
      let next: [string, Queue] | undefined;
      for (const [key, queue] of queues)
        if (waitersOf(queue) > 0 && queue.running < Math.min(atOncePerKey, next?.[1].running ?? atOncePerKey))
          next = [key, queue];
      if (!next) return;
      const [key, queue] = next;
      const [waiter] = queue.waiters ?? [];
      if (!waiter) return;
      queue.waiters?.delete(waiter);
      waiting -= 1;
      waiter.start(begin(key, queue));
    }
  }

  return {
    /**
     * Waits for a slot. Returns null when too many wait already. The caller must release the slot.
     *
     * If no slot is free, calls `onWait` with a function that ends the wait: `acquire` then returns null. It has no
     * effect after the wait. An AbortSignal would cost each request several times as much as the rest of its slot.
     */
    acquire(key: string, onWait?: (leave: () => void) => void): Promise<Slot | null> | Slot | null {
      const queue = queues.get(key) ?? { running: 0, waiters: null };
      queues.set(key, queue);
      if (running < atOnce && queue.running < atOncePerKey && waitersOf(queue) === 0)
        return begin(key, queue);
      if (waiting >= maxWaiting || waitersOf(queue) >= waitingPerKey) {
        forget(key, queue);
        return null;
      }
      queue.waiters ??= new Set();
      const { waiters } = queue;
      return new Promise((resolve) => {
        const waiter: Waiter = { start: resolve };
        waiters.add(waiter);
        waiting += 1;
        onWait?.(() => {
          if (!waiters.delete(waiter)) return;
          waiting -= 1;
          forget(key, queue);
          resolve(null);
        });
      });
    },
  };
}

function waitersOf({ waiters }: Queue): number {
  return waiters?.size ?? 0;
}

export type Slots = ReturnType<typeof createSlots>;
