import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { databaseAway, Refusal } from "@/automate/refusal";
import { db } from "@/lib/db";

/** Whoever asks whether this copy is ready wants to know it soon. */
const databaseWithinMs = 2_000;
const health: readonly (string | undefined)[] = ["/healthz", "/readyz"];

/**
 * Health, and stopping without a lost answer: when the app closes, `/readyz` turns first, so that a load balancer sends nobody
 * any more; after `delayMs` new requests get 503; those under way finish.
 */
export function healthRoutes(app: FastifyInstance, delayMs: number): void {
  let phase: "serving" | "leaving" | "closed" = "serving";

  app.addHook("preClose", async () => {
    phase = "leaving";
    if (delayMs > 0) await sleep(delayMs);
    phase = "closed";
  });
  app.addHook("onRequest", (request, _reply, done) => {
    if (phase !== "closed" || health.includes(request.routeOptions.url)) return done();
    const words = "This copy of automate is stopping: ask again.";
    done(new Refusal(503, "stopping", words, { retryAfterSeconds: 1 }));
  });
  // A connection that outlives its answer would keep the server from closing.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (phase !== "serving") reply.header("connection", "close");
    done();
  });

  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async () => {
    if (phase !== "serving") throw new Refusal(503, "stopping", "This copy of automate is stopping.");
    const isThere = await Promise.race([
      db.$queryRaw`SELECT 1`.then(() => true),
      sleep(databaseWithinMs, false, { ref: false }),
    ]).catch(() => false);
    if (!isThere) throw databaseAway();
    return { status: "ready" };
  });
}
