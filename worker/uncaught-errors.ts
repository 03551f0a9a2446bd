export type UncaughtErrors = {
  /** Rejects with the first uncaught error. */
  readonly first: Promise<never>;
  fail(error: Error): void;
};

/**
 * Watches for errors that a driver throws where no code can catch them, for example in a socket's data
 * handler. They end the check but not the process, so that the worker can still report a result. The watch
 * lasts until the process ends.
 */
export function watchUncaughtErrors(): UncaughtErrors {
  let fail = (_error: unknown) => {};
  const first = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  // The error may come after the check has passed.
  first.catch(() => {});
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  return { first, fail };
}
