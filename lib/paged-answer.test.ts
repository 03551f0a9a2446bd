import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import Fastify from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createAnswerMemory } from "@/lib/limits/answer-memory";
import { laterPages, sendPages } from "@/lib/paged-answer";

const pages = 200;
/** 200 kB a page: together more than the kernel holds for a connection. */
const item = "x".repeat(200_000);
let port: number;
let loaded = 0;
let failures: unknown[] = [];
let endAccessAt = Number.POSITIVE_INFINITY;

const app = Fastify();
const memory = createAnswerMemory({
  totalBytes: 10_000_000,
  perCallerBytes: 1_000_000,
  perTeamBytes: 1_000_000,
});
app.setErrorHandler((error: Error, _request, reply) => reply.code(429).send(error.name));
app.get<{ Querystring: { failAt?: string } }>("/", (request, reply) => {
  const load = async (after: string) => {
    loaded += 1;
    if (after === request.query.failAt) throw new Error("The database is gone.");
    const page = Number(after);
    return { items: page === 5 ? [] : [page, item], next: page === pages ? null : String(page + 1) };
  };
  reply.type("application/json");
  return sendPages(
    reply,
    { head: `{"list":["first"`, later: laterPages("2", load), tail: "]}" },
    {
      callerId: "ada",
      memory,
      beforePage: async () => {
        if (loaded >= endAccessAt) throw new Error("The access ended.");
      },
      onFailure: (error) => failures.push((error as Error).message),
    },
  );
});

beforeAll(async () => {
  port = Number(new URL(await app.listen({ port: 0, host: "127.0.0.1" })).port);
});
afterAll(() => app.close());
beforeEach(() => {
  [loaded, failures, endAccessAt] = [0, [], Number.POSITIVE_INFINITY];
});

function ask(query = "", { method = "GET", version = "1.1" } = {}) {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${method} /${query} HTTP/${version}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return socket;
}

async function get() {
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() };
}

/** The connection took what fits into its buffers, and nothing moves any more. */
async function standstill(): Promise<number> {
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = loaded === before && loaded > 0;
        before = loaded;
        return isStill;
      },
      { interval: 200, timeout: 10_000 },
    )
    .toBe(true);
  return loaded;
}

test("a list is one JSON text, whose pages are loaded one after the other", async () => {
  const answer = await get();
  expect(answer.type).toBe("application/json");
  const expected = ["first"];
  for (let page = 2; page <= pages; page += 1) if (page !== 5) expected.push(page as never, item);
  expect(JSON.parse(answer.body)).toEqual({ list: expected });
  expect(loaded).toBe(pages - 1);
});

test("no page is loaded for a client that does not read, and the rest is when it reads", async () => {
  const socket = ask();
  await once(socket, "readable");
  const unread = await standstill();
  expect(unread).toBeLessThan(pages / 2);
  expect(await text(socket)).toMatch(/\]\}\r\n0\r\n\r\n$/);
  expect(loaded).toBe(pages - 1);
});

test("a client that disconnects ends the loading", async () => {
  const socket = ask();
  await once(socket, "readable");
  const unread = await standstill();
  socket.destroy();
  await text(ask("", { method: "HEAD" }));
  expect(await standstill()).toBe(unread);
});

test.each(["1.1", "1.0"])(
  "a page that cannot be loaded breaks the connection of HTTP/%s",
  async (version) => {
    await expect(text(ask("?failAt=7", { version }))).rejects.toThrow("ECONNRESET");
    expect(failures).toEqual(["The database is gone."]);
  },
);

test("a list ends when its reader's access does", async () => {
  endAccessAt = 3;
  await expect(text(ask())).rejects.toThrow("ECONNRESET");
  expect([loaded, failures]).toEqual([3, ["The access ended."]]);
});

test("HEAD loads no later page", async () => {
  expect(await text(ask("", { method: "HEAD" }))).toMatch(
    /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json/,
  );
  expect(loaded).toBe(0);
});

test("one caller has as many unread lists as fit, and more when they are read", async () => {
  const unread = [];
  for (let answers = 0; answers < 5; answers += 1) {
    const socket = ask();
    await once(socket, "readable");
    unread.push(socket);
    await standstill();
  }
  expect((await get()).status).toBe(429);
  for (const socket of unread) {
    socket.destroy();
    // The server sees the end of this connection before the next request.
    await text(ask("", { method: "HEAD" }));
  }
  const socket = ask();
  const [answer] = await once(socket, "data");
  expect(answer.toString("latin1", 0, 12)).toBe("HTTP/1.1 200");
  socket.destroy();
});
