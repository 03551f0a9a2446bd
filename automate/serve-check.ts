import { checkJobSchema, preparationSchema } from "@/automate/check-job";
import { prepareCheck, runCheck, type Surroundings } from "@/automate/run-check";

/**
 * Makes this process the worker of one check. It has no environment, no output and no other input than messages from
 * automate: perhaps the kind to prepare for, then one check. What leaves it are steps and a result of a closed list,
 * never what a driver or a server said.
 */
export function serveOneCheck(surroundings: () => Surroundings = () => ({})): void {
  process.once("disconnect", () => process.exit(0));
  process.on("message", async (message) => {
    const preparation = preparationSchema.safeParse(message);
    if (preparation.success) return prepareCheck(preparation.data.prepareFor);
    await runCheck(checkJobSchema.parse(message), (event) => process.send?.(event), surroundings());
    // Sent messages are flushed before the channel closes; sockets that a driver left open must not keep us.
    process.disconnect();
  });
  process.send?.({ type: "ready" });
}
