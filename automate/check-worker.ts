import { checkJobSchema } from "@/automate/check-job";
import { runCheck } from "@/automate/run-check";

/*
 * The program that runs one check and ends. It has no environment, no output and no other input than one message from
 * automate; what leaves it are steps and a result of a closed list, never what a driver or a server said.
 */
process.once("disconnect", () => process.exit(0));
process.once("message", async (message) => {
  await runCheck(checkJobSchema.parse(message), (event) => process.send?.(event));
  // Sent messages are flushed before the channel closes; sockets that a driver left open must not keep us.
  process.disconnect();
});
process.send?.({ type: "ready" });
