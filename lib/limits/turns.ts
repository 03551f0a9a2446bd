/** The most work that runs at once, and that waits: in all, and for one key. */
export type TurnLimits = {
  readonly atOnce?: number;
  readonly atOncePerKey?: number;
  readonly waiting?: number;
  readonly waitingPerKey?: number;
};

/** Ends a turn. Calling it again has no effect. */
export type EndTurn = () => void;

type Waiter = { start(end: EndTurn): void };
type Line = { running: number; waiters: Set<Waiter> };

/**
 * Bounds concurrent work, fairly by key: a key is a person, a token or a network. A free turn goes to the key
 * with the fewest running, and among these to the one that was served least recently.
 */
export function createTurns({
  atOnce = Number.POSITIVE_INFINITY,
  atOncePerKey = Number.POSITIVE_INFINITY,
  waiting: maxWaiting = Number.POSITIVE_INFINITY,
  waitingPerKey = Number.POSITIVE_INFINITY,
}: TurnLimits) {
  // In the order in which their last turns ended. A key without work has no line, so the map stays small.
  const lines = new Map<string, Line>();
  let running = 0;
  let waiting = 0;

  function begin(key: string, line: Line): EndTurn {
    running += 1;
    line.running += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      running -= 1;
      line.running -= 1;
      lines.delete(key);
      if (line.running > 0 || line.waiters.size > 0) lines.set(key, line);
      serveNext();
    };
  }

  function forget(key: string, { running, waiters }: Line): void {
    if (running === 0 && waiters.size === 0) lines.delete(key);
  }

  function serveNext(): void {
    while (running < atOnce && waiting > 0) {
      let next: [string, Line] | undefined;
      for (const [key, line] of lines)
        if (line.waiters.size > 0 && line.running < Math.min(atOncePerKey, next?.[1].running ?? atOncePerKey))
          next = [key, line];
      if (!next) return;
      const [key, line] = next;
      const [waiter] = line.waiters;
      if (!waiter) return;
      line.waiters.delete(waiter);
      waiting -= 1;
      waiter.start(begin(key, line));
    }
  }

  return {
    /**
     * Waits for a turn. Returns null when too many wait already, or when `signal` aborts first. The caller must
     * end the turn.
     */
    take(key: string, signal?: AbortSignal): Promise<EndTurn | null> | EndTurn | null {
      const line = lines.get(key) ?? { running: 0, waiters: new Set() };
      lines.set(key, line);
      const isFree = running < atOnce && line.running < atOncePerKey && line.waiters.size === 0;
      if (isFree && !signal?.aborted) return begin(key, line);
      if (signal?.aborted || waiting >= maxWaiting || line.waiters.size >= waitingPerKey) {
        forget(key, line);
        return null;
      }
      return new Promise((resolve) => {
        const leave = () => {
          line.waiters.delete(waiter);
          waiting -= 1;
          forget(key, line);
          resolve(null);
        };
        const waiter: Waiter = {
          start: (end) => {
            signal?.removeEventListener("abort", leave);
            resolve(end);
          },
        };
        line.waiters.add(waiter);
        waiting += 1;
        signal?.addEventListener("abort", leave, { once: true });
      });
    },
  };
}

export type Turns = ReturnType<typeof createTurns>;
