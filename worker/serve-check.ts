import { checkJobSchema, preparationSchema } from "@/worker/protocol";
import { prepareWorker, runCheck, type Surroundings } from "@/worker/run-check";

/**
 * Makes this process a check worker. It has no environment, no output and no other input than messages from automate: perhaps
 * the kind to prepare for, then one check. Steps and a result of a closed list leave it, never the words of a driver or a server.
 * Automate kills it at its result.
 */
export function serveCheck(surroundings: () => Surroundings = () => ({})): void {
  let hasJob = false;
  process.once("disconnect", () => process.exit(0));
  process.on("message", async (message) => {
    const preparation = preparationSchema.safeParse(message);
    if (preparation.success) return prepareWorker(preparation.data.prepareFor);
    if (hasJob) return process.exit(1);
    hasJob = true;
    const result = await runCheck(
      // One job: compiling a parser for it takes longer than reading it.
      checkJobSchema.parse(message, { jitless: true }),
      (step) => process.send?.(step),
      surroundings(),
    );
    process.send?.(result);
  });
}
