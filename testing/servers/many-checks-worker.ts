import net from "node:net";
import { z } from "zod";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import { trust } from "@/testing/servers/trust";
import { jobSchema } from "@/worker/protocol";
import { prepareWorker, runCheck } from "@/worker/run-check";

const message = z.object({
  job: jobSchema,
  routes: z.record(z.string(), z.number()),
  authorities: z.array(z.string()),
  timeoutMs: z.number(),
});

/*
 * Runs the production check, with its guard, many times in one process. A production worker serves one check
 * and ends; starting a thousand processes would take minutes.
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
  // The time limit covers the check, not loading the driver.
  await prepareWorker(job.kind);
  const limit = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
  const route = (host: string, port: number) => routes[`${host}:${port}`];
  const result = await Promise.race([runCheck(job, tell, { route }), limit]);
  const said = result === undefined ? [...events] : [...events, result];
  // From the first step's start to the last step's end, in milliseconds with microsecond precision.
  const ms = (told.at(-1) ?? 0) - (told[0] ?? 0);
  await endLeftovers();
  process.send?.({ events: said, ms });
});

/**
 * Ends everything that a check left running. In production it ends with the process; here it must not affect
 * the next check.
 */
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
