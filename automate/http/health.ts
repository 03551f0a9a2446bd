import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { databaseUnavailable, Refusal } from "@/automate/http/error";
import { createReadiness } from "@/lib/health/readiness";

const unreadyTexts = {
  rights_missing: "Automate's database role lacks a required right: run npm run migrate.",
  program_too_old: "This copy is too old: a newer version of Selvage has migrated the database.",
} as const;
const healthPaths: readonly (string | undefined)[] = ["/healthz", "/readyz"];

/**
 * Health, and shutdown without a lost answer. When the app closes, `/readyz` fails first, so that load
 * balancers stop sending. After `delayMs`, new requests get 503; requests in progress finish.
 */
export function healthRoutes(app: FastifyInstance, delayMs: number): void {
  let phase: "serving" | "leaving" | "closed" = "serving";
  const readiness = createReadiness("automate", (sentence) => app.log.warn(sentence));

  app.addHook("preClose", async () => {
    phase = "leaving";
    if (delayMs > 0) await sleep(delayMs);
    phase = "closed";
  });
  app.addHook("onRequest", (request, _reply, done) => {
    if (phase !== "closed" || healthPaths.includes(request.routeOptions.url)) return done();
    const message = "This copy of automate is shutting down. Retry.";
    done(new Refusal(503, "stopping", message, { retryAfterSeconds: 1 }));
  });
  // A kept-alive connection would keep the server from closing.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (phase !== "serving") reply.header("connection", "close");
    done();
  });

  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async () => {
    if (phase !== "serving") throw new Refusal(503, "stopping", "This copy of automate is shutting down.");
    const unready = await readiness();
    if (unready === "database_unavailable" || unready === "database_slow") throw databaseUnavailable();
    if (unready !== null) throw new Refusal(503, unready, unreadyTexts[unready], { retryAfterSeconds: 2 });
    return { status: "ready" };
  });
}
