import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newAccessToken } from "@/lib/access-tokens/token";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createBodyMemory } from "@/lib/limits/body-memory";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { createManagementApi } from "@/web/management-api/app";

let owner: Db;
let server: Server;
/** The number of requests whose body the API is reading. */
let accepted = 0;
/** The answers whose client has not left. */
const open = new Set<ServerResponse>();

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate, {
    AUTOMATE_URL: "http://127.0.0.1:2",
    WEB_DATABASE_URL: urls.webUrl,
  });
  owner = createDb(urls.ownerUrl);
  const api = createManagementApi();
  api.addHook("preParsing", async () => {
    accepted += 1;
  });
  await api.ready();
  server = createServer((req, res) => {
    open.add(res);
    res.once("close", () => open.delete(res));
    api.routing(req, res);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await closeDb();
  await owner.$disconnect();
});

async function person(): Promise<{ fabric: TestFabric; token: string }> {
  const fabric = await createTestFabric(owner);
  const { token, tokenHash } = newAccessToken();
  await owner.accessToken.create({ data: { userId: fabric.admin.id, name: "scripts", tokenHash } });
  return { fabric, token };
}

/** Sends the start of a body, and the remainder on `end`. */
function begin({ fabric, token }: Awaited<ReturnType<typeof person>>, length: number | "chunks") {
  const { port } = server.address() as AddressInfo;
  const sent = request({
    port,
    method: "POST",
    path: `/api/orchestration/fabric/${fabric.fabricId}/secret`,
    agent: false,
    headers: {
      "x-auth-token": token,
      "content-type": "application/json",
      ...(length === "chunks" ? { "transfer-encoding": "chunked" } : { "content-length": length }),
    },
  });
  const answer = new Promise<[number, string | undefined]>((done) => {
    sent.on("response", ({ statusCode = 0, headers }) => done([statusCode, headers["retry-after"]]));
    sent.on("error", () => done([0, undefined]));
  });
  const body = JSON.stringify({ kind: "prophecy" });
  sent.write(body);
  const rest = length === "chunks" ? 0 : length - body.length;
  return { answer, end: () => sent.end(" ".repeat(rest)), leave: () => sent.destroy() };
}

test.each([100_000, "chunks"] as const)(
  "a script sends at most eight long bodies at a time: %s",
  async (length) => {
    const [one, other] = [await person(), await person()];
    accepted = 0;
    const started = Array.from({ length: 8 }, () => begin(one, length));
    await vi.waitFor(() => expect(accepted).toBe(8), 20_000);
    const ninth = begin(one, length);
    expect(await Promise.race([ninth.answer, sleep(10_000)])).toEqual([429, "2"]);
    ninth.leave();
    const theirs = begin(other, length);
    theirs.end();
    // The API reads it, and rejects it because it is not a secret.
    expect((await theirs.answer)[0]).toBe(400);
    for (const each of started) each.leave();
    await vi.waitFor(async () => {
      const again = begin(one, length);
      again.end();
      expect((await again.answer)[0]).toBe(400);
    }, 20_000);
  },
  60_000,
);

test("a script that disconnects while web looks up its token takes no room", async () => {
  const one = await person();
  await owner.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE access_token IN ACCESS EXCLUSIVE MODE`;
    const before = open.size;
    const started = Array.from({ length: 8 }, () => begin(one, 100_000));
    await vi.waitFor(() => expect(open.size).toBe(before + 8), 20_000);
    for (const each of started) each.leave();
    await vi.waitFor(() => expect(open.size).toBe(before), 20_000);
  });
  const next = begin(one, 100_000);
  next.end();
  expect((await next.answer)[0]).toBe(400);
});

test("all callers together send at most 32 of the largest bodies at a time, and release their memory only once", () => {
  const largest = 1_000_000;
  const room = createBodyMemory(largest);
  const reserved = Array.from({ length: 32 }, (_, n) => room(`person ${n % 4}`, largest));
  expect(reserved.filter((giveBack) => giveBack === null)).toEqual([]);
  expect(room("somebody else", 20)).toBeNull();
  reserved[0]?.();
  reserved[0]?.();
  expect(room("somebody else", largest)).not.toBeNull();
  expect(room("somebody else", 20)).toBeNull();
});
