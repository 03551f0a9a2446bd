import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { configHash } from "@/lib/connections/config-hash";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { startRestartablePostgres } from "@/testing/restartable-postgres";
import { addTestSecret } from "@/testing/secrets";

/*
 * Runs the built program under a pipeline's reads and background checks of a slow API, while Postgres
 * restarts.
 */
const restarts = [...Array<"fast">(12).fill("fast"), ...Array<"killed">(4).fill("killed")];
const { TEST_DATABASE_URL, TEST_TEMPLATE } = process.env;
let postgres: Awaited<ReturnType<typeof startRestartablePostgres>>;
let urls: TestDatabase;
let owner: Db;
let fabric: TestFabric;
let token: string;
let automates: ReturnType<typeof createTestAutomates>;
/** `inProgress`: checks that the API has not answered yet. `received`: all requests that it received. */
const api = { inProgress: 0, received: 0, port: 0 };
const slow = http.createServer((_request, response) => {
  api.inProgress += 1;
  api.received += 1;
  response.once("close", () => {
    api.inProgress -= 1;
  });
  setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end("{}"), 1500);
});

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  Object.assign(process.env, { TEST_DATABASE_URL: postgres.url, TEST_TEMPLATE: "template_restart" });
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const created = newPipelineToken();
  token = created.token;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  });
  const versions = [{ by: "user" as const, fields: { value: "canary" } }];
  await addTestSecret(owner, fabric, urls.webUrl, { id: "greeting", subKind: "text", versions });
  await new Promise<void>((done) => slow.listen(0, "0.0.0.0", done));
  api.port = (slow.address() as AddressInfo).port;
  for (let host = 1; host <= restarts.length * 20; host += 1) await addConnection(`127.0.1.${host}`);
  automates = createTestAutomates(() => ({
    ...keys.automate,
    AUTOMATE_DATABASE_URL: urls.automateUrl,
    BACKGROUND_CHECKS: "on",
  }));
}, 120_000);

afterAll(async () => {
  automates?.stopAll();
  slow.closeAllConnections();
  slow.close();
  await owner?.$disconnect();
  await closeDb();
  await postgres?.remove();
  Object.assign(process.env, { TEST_DATABASE_URL, TEST_TEMPLATE });
});

async function addConnection(host: string): Promise<void> {
  const id = randomUUID();
  const { fabricId, user } = fabric;
  const properties = { baseUrl: `http://${host}:${api.port}`, authType: "none", tlsMode: "disable" };
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const hash = configHash("restapi", properties);
  await owner.connection.create({
    data: { id, fabricId, name: host, nameKey: host, kind: "restapi", properties, configHash: hash, ...by },
  });
}

type Answer = { at: number; status: number; retryAfter: string | null };

/** Reads the secret repeatedly, as a pipeline does, until the test stops it. */
function readOn(url: string) {
  const answers: Answer[] = [];
  let isOver = false;
  const headers = { authorization: `Bearer ${token}` };
  const read = async () => {
    const response = await fetch(`${url}/v1/secrets/greeting`, { headers }).catch(() => null);
    await response?.arrayBuffer();
    const retryAfter = response?.headers.get("retry-after") ?? null;
    answers.push({ at: performance.now(), status: response?.status ?? 0, retryAfter });
  };
  const reading = (async () => {
    for (; !isOver; await sleep(25)) await read();
  })();
  return {
    answers,
    stop: () => {
      isOver = true;
      return reading;
    },
  };
}

test("automate keeps running, returns 503 during the restart, and serves within two seconds after it", async () => {
  const { url, process: automate } = await automates.start();
  const reads = readOn(url);
  for (const how of restarts) {
    await expect.poll(() => api.inProgress, { timeout: 75_000 }).toBeGreaterThan(0);
    const from = reads.answers.length;
    await postgres.restart(how, 1000);
    const backAt = performance.now();
    // Automate may serve before `restart` returns, so an answer from before that proves nothing here.
    const firstServed = () => reads.answers.find(({ at, status }) => status === 200 && at > backAt);
    await expect.poll(firstServed, { timeout: 15_000, interval: 20 }).toBeDefined();
    expect((firstServed()?.at ?? Number.POSITIVE_INFINITY) - backAt).toBeLessThan(2000);
    const since = reads.answers.slice(from);
    const others = since.filter(({ status }) => status !== 200);
    expect(others.length).toBeGreaterThan(0);
    for (const { status, retryAfter } of others) expect([status, retryAfter]).toEqual([503, "2"]);
    // Writes that a check makes when it ends can still arrive.
    await sleep(2000);
    expect(automate.exitCode).toBe(null);
  }
  // Background checks continue.
  const { received } = api;
  await expect.poll(() => api.received, { timeout: 75_000 }).toBeGreaterThan(received);
  await reads.stop();
  expect(automate.exitCode).toBe(null);
}, 600_000);
