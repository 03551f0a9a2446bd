/**
 * Keeps automate running after an uncaught error, so that one broken connection or callback does not end the
 * reads of all pipelines. The failed request ends by its own time limits. Logs only the error's name and
 * code.
 */
export function keepServing(log: (error: { error: string; code: string }, message: string) => void): void {
  const onUncaught = (error: unknown) => {
    const { name, code = "" } = (error instanceof Error ? error : new Error()) as NodeJS.ErrnoException;
    log({ error: name, code }, "uncaught error");
  };
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
}
