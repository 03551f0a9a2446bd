import net from "node:net";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import type { CheckEvent } from "@/lib/connectors/check-protocol";
import { trust } from "@/testing/servers/trust";
import { jobSchema } from "@/worker/protocol";
import { prepareWorker, runCheck } from "@/worker/run-check";

const message = z.object({
  job: jobSchema,
  routes: z.record(z.string(), z.number()),
  authorities: z.array(z.string()),
  timeoutMs: z.number(),
  cutOff: z.object({ endpoint: z.string(), afterMs: z.number() }).optional(),
});

/*
 * Runs the production check, with its guard, many times in one process. A production worker serves one check
 * and ends; starting a thousand processes would take minutes.
 */
const ignore = () => {};
process.on("uncaughtException", ignore);
process.on("message", async (input) => {
  const { job, routes, authorities, timeoutMs, cutOff } = message.parse(input);
  trust(authorities);
  const events: CheckEvent[] = [];
  const told: number[] = [];
  const tell = (event: CheckEvent) => {
    told.push(performance.now());
    events.push(event);
  };
  // The time limit covers the check, not loading the driver.
  await prepareWorker(job.kind);
  const limit = Promise.withResolvers<void>();
  setTimeout(timeoutMs).then(limit.resolve);
  const route = (host: string, port: number) => {
    const endpoint = `${host}:${port}`;
    if (endpoint === cutOff?.endpoint) setTimeout(cutOff.afterMs).then(limit.resolve);
    return routes[endpoint];
  };
  const check = runCheck(job, tell, { route });
  const result = await Promise.race([check, limit.promise]);
  const said = result === undefined ? [...events] : [...events, result];
  // From the first step's start to the last step's end, in milliseconds with microsecond precision.
  const ms = (told.at(-1) ?? 0) - (told[0] ?? 0);
  await endLeftovers();
  // A check that was cut off ends once its sockets are destroyed. One that does not may dial again.
  const hasEnded = await Promise.race([check.then(() => true), setTimeout(1000, false)]);
  process.send?.({ events: said, ms, hasEnded });
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
  for (const socket of sockets) socket.on("error", ignore).destroy(new Error("The test ended this check."));
  await setTimeout(sockets.length > 0 ? 5 : 0);
}
