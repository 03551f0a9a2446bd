const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work`, and in any case `cleanUp`: after success, after an error, and when a signal ends the program. */
export async function withCleanUp<T>(cleanUp: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const onSignal = () => void cleanUp().finally(() => process.exit(1));
  for (const signal of signals) process.once(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    await cleanUp();
  }
}
