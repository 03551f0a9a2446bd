import net from "node:net";
import { z } from "zod";
import { checkJobSchema } from "@/automate/check-job";
import { prepareCheck, runCheck } from "@/automate/run-check";
import { trust } from "@/e2e/fakes/trust";
import type { CheckEvent } from "@/lib/connectors/check-protocol";

const message = z.object({
  job: checkJobSchema,
  routes: z.record(z.string(), z.number()),
  authorities: z.array(z.string()),
  timeoutMs: z.number(),
});

/*
 * The worker for the fault matrix: what the shipped one does, many times over, since starting a process takes longer than
 * most faults. Each run gets its own clock, and its sockets end with it.
 */
process.on("message", async (input) => {
  const { job, routes, authorities, timeoutMs } = message.parse(input);
  trust(authorities);
  process.removeAllListeners("uncaughtException");
  process.removeAllListeners("unhandledRejection");
  const events: CheckEvent[] = [];
  // The time limit is the check's, not the driver's start.
  await prepareCheck(job.kind);
  const limit = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
  const route = (host: string, port: number) => routes[`${host}:${port}`];
  await Promise.race([runCheck(job, (event) => events.push(event), { route }), limit]);
  process.send?.(events.slice());
  for (const handle of activeHandles()) if (handle instanceof net.Socket) handle.destroy();
});

function activeHandles(): unknown[] {
  const list: unknown = Reflect.get(process, "_getActiveHandles");
  return typeof list === "function" ? list.call(process) : [];
}
