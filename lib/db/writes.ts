import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { processState } from "@/lib/process-state";

/** The writes of one request: none was committed, at least one was, or one was sent and got no answer. */
export type Saved = "nothing" | "something" | "unknown";

type Count = { sent: number; committed: number };

// Bundles share the pool, so they share this.
const shared = processState<{ writes: AsyncLocalStorage<Count | undefined> }>();
shared.writes ??= new AsyncLocalStorage();
const counts = shared.writes;

/** Watches the writes of one request: all writes that start within `run`. */
export type WriteWatch = { run<T>(work: () => T): T; saved(): Saved };

export function watchWrites(): WriteWatch {
  const count: Count = { sent: 0, committed: 0 };
  return {
    run: (work) => counts.run(count, work),
    saved: () => {
      if (count.sent > 0) return "unknown";
      return count.committed > 0 ? "something" : "nothing";
    },
  };
}

/** Runs `work` without counting its writes: side writes say nothing about the outcome of the request. */
export function unwatched<T>(work: () => T): T {
  return counts.run(undefined, work);
}

/** How a sent statement ended: Postgres did it, Postgres refused it, or no answer came. */
export type Ending = "done" | "refused" | "unanswered";

const writing = /\b(insert|update|delete|merge|truncate)\b/i;
const ignored = (): void => undefined;

/**
 * Watches the statements of one connection, in the order it sends them. For each, returns a callback that
 * takes its ending.
 * A write inside a transaction is saved only by COMMIT.
 */
export function watchConnection(): (text: string) => (ending: Ending) => void {
  let isOpen = false;
  let hasWritten = false;
  return (text) => {
    const verb = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase();
    if (verb === "BEGIN") {
      isOpen = true;
      hasWritten = false;
      return ignored;
    }
    if (verb === "ROLLBACK" && !/^\s*ROLLBACK\s+TO\b/i.test(text)) {
      isOpen = false;
      return ignored;
    }
    if (verb === "COMMIT") {
      isOpen = false;
      return hasWritten ? sent() : ignored;
    }
    // "FOR UPDATE" and "FOR NO KEY UPDATE" lock rows and write nothing.
    if (!writing.test(text.replace(/\bFOR (NO KEY )?UPDATE\b/gi, ""))) return ignored;
    hasWritten = true;
    return isOpen ? ignored : sent();
  };
}

function sent(): (ending: Ending) => void {
  const count = counts.getStore();
  if (!count) return ignored;
  count.sent += 1;
  return (ending) => {
    if (ending === "unanswered") return;
    count.sent -= 1;
    if (ending === "done") count.committed += 1;
  };
}
