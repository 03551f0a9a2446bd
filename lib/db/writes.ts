import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";

/** What is known of the writes of one request: none was committed, at least one was, or one was sent and never answered. */
export type Saved = "nothing" | "something" | "unknown";

type Count = { sent: number; committed: number };

// Of the process and not of this module: pools are shared by bundles, each of which loads this file for itself.
const shared = globalThis as typeof globalThis & { selvageWrites?: AsyncLocalStorage<Count | undefined> };
shared.selvageWrites ??= new AsyncLocalStorage();
const counts = shared.selvageWrites;

/** Watches the writes of one request: of all that is begun within `run`. */
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

/** For writes beside what a request is for, begun within `work`: whether they were saved says nothing of it. */
export function unwatched<T>(work: () => T): T {
  return counts.run(undefined, work);
}

/** What becomes of a statement that was sent: Postgres did it, Postgres refused it, or no answer came. */
export type Ending = "done" | "refused" | "unanswered";

const writing = /\b(insert|update|delete|merge|truncate)\b/i;
const ignored = (): void => undefined;

/**
 * Watches the statements of one connection, in the order in which it sends them. What it returns is told how the statement ended.
 * A write inside a transaction is saved by its COMMIT, and lost by anything else.
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
    // "FOR UPDATE" and "FOR NO KEY UPDATE" lock and write nothing.
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
