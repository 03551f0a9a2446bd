import net from "node:net";
import { z } from "zod";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import { trust } from "@/testing/servers/trust";
import { checkJobSchema } from "@/worker/protocol";
import { prepareWorker, runCheck } from "@/worker/run-check";

const message = z.object({
  job: checkJobSchema,
  routes: z.record(z.string(), z.number()),
  authorities: z.array(z.string()),
  timeoutMs: z.number(),
});

/*
 * Runs the shipped check, with its guard, many times in one process. The shipped worker serves one check and ends; a thousand
 * processes would take the tests minutes.
 */
const ignore = () => {};
process.on("uncaughtException", ignore);
process.on("message", async (input) => {
  const { job, routes, authorities, timeoutMs } = message.parse(input);
  trust(authorities);
  const events: CheckEvent[] = [];
  const told: number[] = [];
  const tell = (event: CheckEvent) => {
    told.push(performance.now());
    events.push(event);
  };
  // The time limit is the check's, not the driver's start.
  await prepareWorker(job.kind);
  const limit = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
  const route = (host: string, port: number) => routes[`${host}:${port}`];
  const result = await Promise.race([runCheck(job, tell, { route }), limit]);
  const said = result === undefined ? [...events] : [...events, result];
  // From the first step's beginning to the last one's end, to the microsecond.
  const ms = (told.at(-1) ?? 0) - (told[0] ?? 0);
  await endLeftovers();
  process.send?.({ events: said, ms });
});

/** What a check leaves behind ends with its process where it is shipped; here nothing of it may reach the next one. */
async function endLeftovers(): Promise<void> {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.removeAllListeners(event);
    process.on(event, ignore);
  }
  const handles: unknown[] = Reflect.get(process, "_getActiveHandles").call(process);
  const sockets = handles.filter((handle) => handle instanceof net.Socket);
  for (const socket of sockets) socket.on("error", ignore).destroy();
  await new Promise((resolve) => setTimeout(resolve, sockets.length > 0 ? 5 : 0));
}
