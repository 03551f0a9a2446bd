import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { encode } from "next-auth/jwt";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { type BodyMemory, createBodyMemory } from "@/lib/limits/body-memory";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";
import { receiveAction } from "@/web/receive-action";
import { boundBody } from "@/web/request-limits";

const maxBytes = 200_000;
const bodyMemory = createBodyMemory(maxBytes);
let owner: Db;
let server: Server;
let reserved = 0;
let settled = 0;
/** The cookies of two people who are signed in. */
let ada: string;
let mei: string;

const countingBudget: BodyMemory = (sender, bytes) => {
  const release = bodyMemory(sender, bytes);
  if (release) reserved += 1;
  return release;
};

beforeAll(async () => {
  const { web } = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, web);
  owner = createDb(urls.ownerUrl);
  [ada, mei] = await Promise.all([signedIn("Ada"), signedIn("Mei")]);
  server = createServer(async (req, res) => {
    if (!boundBody(req, maxBytes)) return void res.writeHead(413).end();
    const received = await receiveAction(req, res, maxBytes, countingBudget);
    settled += 1;
    if (received) res.writeHead("refusal" in received ? received.refusal.status : 200).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(async () => {
  server.closeAllConnections();
  await closeDb();
  await owner.$disconnect();
});

/** A person who is signed in; returns the cookie. */
async function signedIn(name: string): Promise<string> {
  const [id, sid] = [uuidv7(), uuidv7()];
  const email = `${name.toLowerCase()}@test.example`;
  await owner.user.create({ data: { id, email, emailKey: email, name } });
  await owner.session.create({ data: { id: sid, userId: id, authenticatedAt: new Date() } });
  const token = await encode({ token: { sid }, secret: process.env.SESSION_SECRET ?? "" });
  return `next-auth.session-token=${token}`;
}

/** Sends all but the last byte of a call, and the last byte on `end`. */
function begin(cookie: string, body: string) {
  const { port } = server.address() as AddressInfo;
  const headers = {
    cookie,
    "content-type": "text/plain;charset=UTF-8",
    "content-length": body.length,
  };
  const sent = request({ port, method: "POST", headers, agent: false });
  const answer = new Promise<number>((done) => {
    sent.on("response", ({ statusCode = 0 }) => done(statusCode)).on("error", () => done(0));
  });
  sent.write(body.slice(0, -1));
  return { answer, end: () => sent.end(body.slice(-1)), leave: () => sent.destroy() };
}

const long = JSON.stringify(["x".repeat(100_000)]);

test("a person holds at most eight long bodies in memory, however they end, and does not limit others", async () => {
  const began = Array.from({ length: 8 }, () => begin(ada, long));
  await vi.waitFor(() => expect(reserved).toBe(8), 10_000);
  expect(await begin(ada, long).answer).toBe(429);
  const other = begin(mei, long);
  other.end();
  expect(await other.answer).toBe(200);
  const before = settled;
  for (const one of began) one.leave();
  await vi.waitFor(() => expect(settled).toBe(before + 8), 10_000);
  const again = begin(ada, long);
  again.end();
  expect(await again.answer).toBe(200);
});

test("web reads no long body of a sender who is not signed in, and Next receives a call without arguments", async () => {
  const before = reserved;
  expect(await begin("next-auth.session-token=forged", long).answer).toBe(200);
  expect(reserved).toBe(before);
});

test("a chunked body that web cuts off releases its memory", async () => {
  const { port } = server.address() as AddressInfo;
  const before = settled;
  const headers = { cookie: ada, "content-type": "text/plain;charset=UTF-8" };
  const sent = request({ port, method: "POST", headers, agent: false }).on("error", () => undefined);
  sent.write("x".repeat(maxBytes + 1));
  await vi.waitFor(() => expect(settled).toBe(before + 1), 10_000);
  sent.destroy();
});

test("web rejects a body that no page sends before Next reads it", async () => {
  for (const body of ['{"value":"typed"}', '["$F1"]', "typed"]) {
    const sent = begin(ada, body);
    sent.end();
    expect(await sent.answer, body).toBe(400);
  }
});
