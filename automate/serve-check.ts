import { checkJobSchema } from "@/automate/check-job";
import { runCheck, type Surroundings } from "@/automate/run-check";

/**
 * Makes this process the worker of one check. It has no environment, no output and no other input than one message from
 * automate; what leaves it are steps and a result of a closed list, never what a driver or a server said.
 */
export function serveOneCheck(surroundings: () => Surroundings = () => ({})): void {
  process.once("disconnect", () => process.exit(0));
  process.once("message", async (message) => {
    await runCheck(checkJobSchema.parse(message), (event) => process.send?.(event), surroundings());
    // Sent messages are flushed before the channel closes; sockets that a driver left open must not keep us.
    process.disconnect();
  });
  process.send?.({ type: "ready" });
}
