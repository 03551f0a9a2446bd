import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { MasterKeyState } from "@/lib/kms/define";
import type { KeyCall } from "@/lib/kms/resilient";

const registry = new Registry();
collectDefaultMetrics({ register: registry, prefix: "selvage_" });

// Labels are routes, statuses and codes, never the name of a secret, a token or a fabric.
const seconds = new Histogram({
  name: "selvage_request_seconds",
  help: "Duration of automate's responses, in seconds.",
  labelNames: ["method", "route", "status"],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [registry],
});

/** Opened secrets, by purpose. */
export const openedSecrets = new Counter({
  name: "selvage_opened_secrets_total",
  help: "Opened secrets.",
  labelNames: ["purpose"],
  registers: [registry],
});

/** Refused requests, by code. */
export const refusals = new Counter({
  name: "selvage_refusals_total",
  help: "Refused requests.",
  labelNames: ["code"],
  registers: [registry],
});

/**
 * Stored values that could not be opened. Each one means that somebody changed a value or that a key is
 * missing.
 */
export const storedValueAlarms = new Counter({
  name: "selvage_cannot_open_total",
  help: "Stored values that could not be opened.",
  registers: [registry],
});

/** Requests to workload issuers and their outcomes. Nothing else shows that an issuer is unreachable. */
export const issuerRequests = new Counter({
  name: "selvage_issuer_requests_total",
  help: "Requests to workload issuers, sent and answered.",
  labelNames: ["outcome"],
  registers: [registry],
});

const keyCallSeconds = new Histogram({
  name: "selvage_key_service_seconds",
  help: "Duration of calls to the service of a master key, in seconds.",
  labelNames: ["key", "operation"],
  buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers: [registry],
});
const keyCalls = new Counter({
  name: "selvage_key_service_calls_total",
  help: "Calls to the service of a master key, by outcome.",
  labelNames: ["key", "operation", "outcome"],
  registers: [registry],
});

/** Measures one call to the service of a master key. */
export function measureKeyCall({ label, operation, outcome, seconds: took }: KeyCall): void {
  keyCallSeconds.observe({ key: label, operation }, took);
  keyCalls.inc({ key: label, operation, outcome });
}

/** Serves a number that is read whenever Prometheus asks. If reading fails, it keeps its last value. */
export function numberAtScrape({
  name,
  help,
  read,
}: {
  name: string;
  help: string;
  read: () => Promise<number>;
}): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      const value = await read().catch(() => undefined);
      if (value !== undefined) this.set(value);
    },
  });
}

const keyUsable = new Gauge({
  name: "selvage_master_key_enabled",
  help: "1 while the master key is enabled, otherwise 0.",
  labelNames: ["key"],
  registers: [registry],
});

/** Shows the state of a master key. */
export function measureKeyState(label: string, state: MasterKeyState): void {
  keyUsable.set({ key: label }, state === "enabled" ? 1 : 0);
}

let served = 0;

/** How many requests this copy has answered. Background work rests while the number rises. */
export function servedRequests(): number {
  return served;
}

/** Resealed values, by outcome. */
export const resealedValues = new Counter({
  name: "selvage_resealed_values_total",
  help: "Values that a rotation sealed to a new fabric key, or that it could not open.",
  labelNames: ["outcome"],
  registers: [registry],
});

/** Messages of the outbox that ended, by channel and outcome. */
export const endedMessages = new Counter({
  name: "selvage_messages_total",
  help: "E-mails and webhook calls about reminders that were sent, dropped or given up.",
  labelNames: ["channel", "outcome"],
  registers: [registry],
});

/** Measures each answer of an app. */
export function measureAnswers(app: FastifyInstance): void {
  app.addHook("onResponse", (request, reply, done) => {
    served += 1;
    const route = request.routeOptions.url ?? "none";
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}

/** Serves `/metrics` to Prometheus, on its own address. */
export async function serveMetrics({ host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") return response.writeHead(404).end();
    response.writeHead(200, { "content-type": registry.contentType }).end(await registry.metrics());
  });
  await new Promise<void>((done, failed) => server.once("error", failed).listen(port, host, done));
  return server;
}
