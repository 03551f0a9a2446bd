/**
 * Keeps this program alive when nobody catches an error: reads of a hundred pipelines do not end because one connection broke, or
 * one callback has a defect. A request that fails so is answered by its own limits. The error is logged by name and code alone.
 */
export function keepServing(log: (error: { error: string; code: string }, message: string) => void): void {
  const onUncaught = (error: unknown) => {
    const { name, code = "" } = (error instanceof Error ? error : new Error()) as NodeJS.ErrnoException;
    log({ error: name, code }, "nobody caught an error");
  };
  process.on("uncaughtException", onUncaught);
  process.on("unhandledRejection", onUncaught);
}
