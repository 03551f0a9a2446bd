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
 * most faults, and of any configuration. Each run gets its own clock. What a driver
 * throws after a fault that it was shown must not end the worker between two.
 */
process.on("uncaughtException", () => {});
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
  await prepareCheck(job.kind);
  const limit = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
  const route = (host: string, port: number) => routes[`${host}:${port}`];
  const check = runCheck(job, tell, { route }).then(async ({ result, rest }) => {
    await rest();
    return result;
  });
  const result = await Promise.race([check, limit]);
  // From the first step's beginning to the last one's end, to the microsecond.
  const ms = (told.at(-1) ?? 0) - (told[0] ?? 0);
  process.send?.({ events: result === undefined ? events : [...events, result], ms });
});
