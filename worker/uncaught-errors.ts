export type UncaughtErrors = {
  /** Rejects with the first of them. */
  readonly first: Promise<never>;
  fail(error: Error): void;
};

/**
 * Watches, for the rest of this process, for errors that a driver throws where nobody can catch them, as in the handler of a
 * socket's data. They end the check, not the process, so that the check can still say how it ended.
 */
export function watchUncaughtErrors(): UncaughtErrors {
  let fail = (_error: unknown) => {};
  const first = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  // It may come when the check has passed already.
  first.catch(() => {});
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  return { first, fail };
}
