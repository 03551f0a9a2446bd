import { type AtRest, checkJobSchema, preparationSchema } from "@/automate/check-job";
import { prepareCheck, runCheck, type Surroundings } from "@/automate/run-check";

/**
 * Makes this process a check worker. It has no environment, no output and no other input than messages from automate:
 * perhaps the kind to prepare for, then checks, one after another, all of one configuration. What leaves it are steps and
 * a result of a closed list, never what a driver or a server said.
 */
export function serveChecks(surroundings: () => Surroundings = () => ({})): void {
  process.once("disconnect", () => process.exit(0));
  process.on("message", async (message) => {
    const preparation = preparationSchema.safeParse(message);
    if (preparation.success) return prepareCheck(preparation.data.prepareFor);
    const { result, isAtRest } = await runCheck(
      checkJobSchema.parse(message),
      (event) => process.send?.(event),
      surroundings(),
    );
    if (isAtRest) process.send?.({ type: "at_rest" } satisfies AtRest);
    process.send?.(result);
    // Sent messages are flushed before the channel closes; what a driver left behind must not keep us.
    if (!isAtRest) process.disconnect();
  });
  process.send?.({ type: "ready" });
}
