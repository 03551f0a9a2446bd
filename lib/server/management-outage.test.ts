import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Listening, listen } from "@/e2e/fakes/listening";
import { newAccessToken } from "@/lib/access-tokens/token";
import { createDb, type Db } from "@/lib/db";
import { createManagementApi } from "@/lib/server/management";
import { closeStatements } from "@/lib/statements";
import { createTestDatabase } from "@/scripts/test-database";
import { createTestFabric } from "@/scripts/test-fabric";
import { createTestKeys } from "@/scripts/test-keys";

let owner: Db;
let token: string;
let wire: Listening;
let api: ReturnType<typeof createManagementApi>;
/** Connections of web to Postgres. */
const open = new Set<Socket>();

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  const { admin } = await createTestFabric(owner, "ours");
  const made = newAccessToken();
  token = made.token;
  await owner.accessToken.create({ data: { userId: admin.id, name: "scripts", tokenHash: made.tokenHash } });
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

async function untilSomebodyWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const waiting = await owner.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (waiting.length === 0) throw new Error("Nobody waits.");
  }, 5_000);
}
