import { deliveryJobSchema } from "@/worker/deliver/protocol";
import { jobSchema, preparationSchema } from "@/worker/protocol";
import { prepareWorker, runCheck, type TestOverrides } from "@/worker/run-check";

/**
 * Makes this process a worker.
 *
 * It has no environment and no output. Its only input is messages from automate: optionally the kind to prepare for, then
 * one job, which is a check, a password to set, or reminders to deliver. It sends only steps and a result of the closed
 * protocol, never a text of a driver or server. Automate kills it after the result.
 */
export function serveCheck(overrides: () => TestOverrides = () => ({})): void {
  let hasJob = false;
  process.once("disconnect", () => process.exit(0));
  process.on("message", async (message) => {
    const preparation = preparationSchema.safeParse(message);
    if (preparation.success) return prepareWorker(preparation.data.prepareFor);
    if (hasJob) return process.exit(1);
    hasJob = true;
    const delivery = deliveryJobSchema.safeParse(message, { jitless: true });
    if (delivery.success) {
      const { runDelivery } = await import("@/worker/deliver/run-delivery");
      return runDelivery(delivery.data, (outcome) => process.send?.(outcome));
    }
    const result = await runCheck(
      // Compiling a parser takes longer than parsing one job.
      jobSchema.parse(message, { jitless: true }),
      (step) => process.send?.(step),
      overrides(),
    );
    process.send?.(result);
  });
}
