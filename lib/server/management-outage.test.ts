import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Listening, listen } from "@/e2e/fakes/listening";
import { newAccessToken } from "@/lib/access-tokens/token";
import { createDb, type Db } from "@/lib/db";
import { createManagementApi } from "@/lib/server/management";
import { closeStatements } from "@/lib/statements";
import { createTestDatabase } from "@/scripts/test-database";
import { createTestFabric, type TestFabric } from "@/scripts/test-fabric";
import { createTestKeys } from "@/scripts/test-keys";

let owner: Db;
let token: string;
let fabric: TestFabric;
let wire: Listening;
let api: ReturnType<typeof createManagementApi>;
/** Connections of web to Postgres. */
const open = new Set<Socket>();

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  // Nobody answers there.
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: "http://127.0.0.1:9" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  const made = newAccessToken();
  token = made.token;
  await owner.accessToken.create({
    data: { userId: fabric.admin.id, name: "scripts", tokenHash: made.tokenHash },
  });
  const url = new URL(urls.webUrl);
  const postgres = { host: url.hostname, port: Number(url.port) };
  wire = await listen(
    createServer((socket) => {
      const server = connect(postgres);
      open.add(socket);
      socket.on("close", () => open.delete(socket) && server.destroy());
      socket.pipe(server).on("error", () => socket.destroy());
      server.pipe(socket);
    }),
  );
  Object.assign(url, { hostname: "127.0.0.1", port: String(wire.port) });
  process.env.WEB_DATABASE_URL = url.href;
  api = createManagementApi();
});

afterAll(async () => {
  await closeStatements();
  await wire.close();
  await owner.$disconnect();
});

const listFabrics = () =>
  api.inject({ method: "GET", url: "/api/orchestration/fabric", headers: { "x-auth-token": token } });

test("a connection to Postgres that is reset under a request is told as our failure, and the next one works", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect((await listFabrics()).statusCode).toBe(200);
  const answer = await owner.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE access_token IN ACCESS EXCLUSIVE MODE`;
    const pending = listFabrics();
    await untilSomebodyWaits();
    for (const socket of open) socket.resetAndDestroy();
    return pending;
  });
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toMatchObject({ success: false, message: expect.stringMatching(/ due to : /) });
  expect(logged).toHaveBeenCalled();
  logged.mockRestore();
  expect((await listFabrics()).statusCode).toBe(200);
});

test("a new value whose places automate could not be told of is stored, and the answer says so", async () => {
  const ask = async (method: "POST" | "PUT", url: string, payload: object) =>
    (await api.inject({ method, url, headers: { "x-auth-token": token }, payload })).json().data;
  const { fabricId, admin } = fabric;
  const path = `/api/orchestration/fabric/${fabricId}/secret`;
  const secret = { kind: "prophecy", subKind: "text", properties: { name: "kept", value: "one" } };
  const { id } = await ask("POST", path, secret);
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.allowedDestination.create({
    data: { fabricId, secretId: id, version: 1, destination: "https://a.example:443", ...by },
  });
  const replaced = await ask("PUT", `${path}/id/${id}`, { ...secret, keepDestinations: true });
  expect(replaced).toEqual({ id, destinationsKept: false });
  expect(await owner.secretVersion.count({ where: { secretId: id } })).toBe(2);
});

async function untilSomebodyWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const waiting = await owner.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (waiting.length === 0) throw new Error("Nobody waits.");
  }, 5_000);
}
