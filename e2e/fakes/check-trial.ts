import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import type { CheckJob } from "@/automate/check-job";
import { createCheckPool } from "@/automate/check-pool";
import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";
import { hostPortOf } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

export type Secrets = CheckJob["secrets"];
export type TrialOptions = { timeoutMs?: number; signal?: AbortSignal; egressAllow?: string[] };
/** What a person would have seen of a check. */
export type Trial = { result: CheckResult; events: CheckEvent[]; passed: string[] };

/** The world of a trial: the loopback ports that stand in for services by their "host:port", and who signs for them. */
export type World = { routes: Record<string, number>; authorities: string[] };

/**
 * Runs checks as automate does, in real workers; with `world`, in one where services of the wide world are here. Asserts
 * for each that nothing that was secret, and nothing that a server said, came out of the worker.
 */
export function createTrials(world?: World) {
  const workerPath = buildWorker(world);
  const pools = new Map<number, ReturnType<typeof createCheckPool>>();
  const poolFor = (timeoutMs: number) => {
    const pool = pools.get(timeoutMs) ?? createCheckPool({ workerPath, size: 1, timeoutMs });
    pools.set(timeoutMs, pool);
    return pool;
  };
  return {
    run(kind: string, input: object, secrets: Secrets, options: TrialOptions = {}): Promise<Trial> {
      return this.runJob(createJob(kind, input, secrets), options);
    },
    async runJob(made: CheckJob, options: TrialOptions = {}): Promise<Trial> {
      const { timeoutMs = 10_000, signal, egressAllow = ["127.0.0.0/8", "::1/128"] } = options;
      const job = { ...made, egressAllow };
      const events: CheckEvent[] = [];
      if (world !== undefined) writeFileSync(routesFileOf(workerPath), JSON.stringify(world));
      const result = await poolFor(timeoutMs).run(job, (event) => events.push(event), signal);
      assert.deepEqual(events.at(-1), result);
      expectSilence(events, job.secrets);
      const passed = events.flatMap((event) =>
        event.type === "step" && event.state === "passed" ? [event.step as string] : [],
      );
      return { result, events, passed };
    },
    close() {
      for (const pool of pools.values()) pool.close();
      rmSync(dirname(workerPath), { recursive: true });
    },
  };
}

function routesFileOf(workerPath: string): string {
  return join(dirname(workerPath), "routes.json");
}

/** The worker as it is shipped: one file beside node_modules, its drivers loaded on demand. */
function buildWorker(world: World | undefined): string {
  const root = join(import.meta.dirname, "../..");
  const folder = join(root, "node_modules/.cache/check-worker");
  mkdirSync(folder, { recursive: true });
  const outfile = join(mkdtempSync(join(folder, "build-")), "check-worker.mjs");
  const entry = world === undefined ? "automate/check-worker.ts" : "e2e/fakes/routed-check-worker.ts";
  buildSync({
    entryPoints: [join(root, entry)],
    define: { ROUTES_FILE: JSON.stringify(routesFileOf(outfile)) },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return outfile;
}

/** A job as automate makes it from a saved connection. */
export function createJob(kind: string, input: object, secrets: Secrets): CheckJob {
  const connector = findConnector(kind);
  if (connector === null) throw new Error(`There is no kind ${kind}.`);
  const ids = Object.fromEntries(Object.keys(secrets).map((field) => [field, `id-of-${field}`]));
  const validated = validate(connector, { ...input, ...ids });
  if (!validated.ok) throw new Error(JSON.stringify(validated.fieldErrors));
  const { oauthClient } = secrets;
  const isCompound = typeof oauthClient === "object" && !(oauthClient instanceof Uint8Array);
  const authHost = isCompound ? hostPortOf(oauthClient.authUrl ?? "") : null;
  const facts = authHost === null ? {} : { oauthClient: { subKind: "m2m_oauth" as const, authHost } };
  const destinations = connector.destinations(validated.value, facts);
  return { kind, properties: validated.value, secrets, destinations, egressAllow: [] };
}

export function expectSilence(events: readonly CheckEvent[], secrets: Secrets): void {
  const said = JSON.stringify(events);
  for (const value of Object.values(secrets).flatMap(valuesOf)) {
    for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)])
      assert.ok(!said.includes(form), "A check let a secret out.");
  }
  assert.doesNotMatch(said, /You sent|Error:|\bat \/|node_modules/);
}

function valuesOf(secret: Secrets[string]): string[] {
  if (typeof secret === "string") return [secret];
  if (secret instanceof Uint8Array) return [Buffer.from(secret).toString("latin1")];
  return [secret?.password, secret?.clientSecret].filter((value) => value !== undefined);
}
