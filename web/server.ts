import "@/lib/protect-process";
import { createServer, Server } from "node:http";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { flushRefusals } from "@/lib/audit/refusals";
import { WrongDatabaseRole } from "@/lib/db/role";
import { BadEnvironment, type WebEnv, webEnv } from "@/lib/env";
import { waitForDatabase } from "@/lib/health/wait-for-database";
import { cutUnreadAnswers } from "@/lib/limits/unread-answers";
import { cutUnreadBodies } from "@/lib/limits/unread-bodies";
import { flushLog, log, logFailure, redirectConsole } from "@/lib/log";
import type { Booting } from "@/lib/next/boot";
import { processState } from "@/lib/process-state";
import { createAdmission } from "@/web/admission";
import { listBuiltFiles } from "@/web/built-files";
import { createWebHealth } from "@/web/health";
import { createManagementApi } from "@/web/management-api/app";
import { createRequestListener } from "@/web/serve-request";

/** Loading the pages takes a second or two. */
const bootTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
/**
 * Enough for the largest secret over a slow network. Ends slowloris attacks, which hold connections open by
 * sending little.
 */
const requestTimeoutMs = 120_000;

try {
  await serve(webEnv());
} catch (error) {
  const isSentence = error instanceof BadEnvironment || error instanceof WrongDatabaseRole;
  process.stderr.write(`${isSentence ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}

function refuseToServe(): never {
  throw new BadEnvironment(
    "Web cannot load its pages. Copy the whole folder .next of the build, with its node_modules, and run npm install --omit=dev.",
  );
}

function findBuiltFiles(distDir: string): ReadonlySet<string> {
  try {
    return listBuiltFiles(distDir);
  } catch {
    return refuseToServe();
  }
}

async function serve(env: WebEnv) {
  const isDev = process.env.NODE_ENV === "development";
  // Next selects its React build by NODE_ENV when it loads, so set it first.
  if (!isDev) {
    Object.assign(process.env, { NODE_ENV: "production" });
    redirectConsole();
  }
  const { default: next } = await import("next");
  const server = createServer({ requestTimeout: requestTimeoutMs });
  const dir = resolve(import.meta.dirname, "..");
  // Next attaches upgrade handlers to the server in `httpServer`. Only development needs them.
  const httpServer = isDev ? server : new Server();
  const app = next({ dev: isDev, dir, hostname: env.HOST, port: env.PORT, httpServer, quiet: false });
  const admission = createAdmission(env);
  const api = createManagementApi(admission);
  const health = createWebHealth(env.PUBLIC_URL.startsWith("https:"));

  cutUnreadBodies(server);
  cutUnreadAnswers(server);
  const pages = app.getRequestHandler();
  const distDir = resolve(dir, process.env.NEXT_DIST_DIR ?? ".next");
  // Development builds its files on demand.
  const builtFiles = isDev ? new Set<string>() : findBuiltFiles(distDir);
  server.on("request", createRequestListener({ env, isDev, health, admission, builtFiles, api, pages }));
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE")
      process.stderr.write(`Port ${env.PORT} on ${env.HOST} is already in use: set PORT to another port.\n`);
    else logFailure("server", error);
    void flushLog().finally(() => process.exit(1));
  });
  server.listen(env.PORT, env.HOST);
  await waitForDatabase((sentence) => log("error", sentence));
  const booted = new Promise<void>((done) => Object.assign(processState<Booting>(), { booted: done }));
  await Promise.all([app.prepare(), api.ready()]);
  await Promise.race([booted, sleep(bootTimeoutMs, undefined, { ref: false }).then(refuseToServe)]);
  health.serve();
  log("info", `web is ready on ${env.HOST}:${env.PORT}`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await health.leave(env.STOP_DELAY_SECONDS * 1000);
    setTimeout(() => process.exit(0), stopTimeoutMs).unref();
    server.close(async () => {
      await flushRefusals();
      await flushLog();
      process.exit(0);
    });
    server.closeIdleConnections();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
