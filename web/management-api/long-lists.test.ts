import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { newAccessToken } from "@/lib/access-tokens/token";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { pool } from "@/lib/db/pool";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addManySecrets } from "@/testing/many-secrets";
import { countWaiting } from "@/testing/waiting-queries";
import { unreadAnswers } from "@/web/management-api/answer-memory";
import { createManagementApi } from "@/web/management-api/app";

/** Seven pages, the whole ones of 0.9 MB: more than the kernel holds for a connection. */
const count = 3_300;
let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let api: ReturnType<typeof createManagementApi>;
let port: number;

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: "http://127.0.0.1:2" });
  owner = createDb(urls.ownerUrl);
  [fabric, other] = [await createTestFabric(owner, "long"), await createTestFabric(owner, "theirs")];
  await add(fabric, count);
  api = createManagementApi();
  port = Number(new URL(await api.listen({ port: 0, host: "127.0.0.1" })).port);
});
afterAll(async () => {
  await api.close();
  await owner.$disconnect();
  await closeDb();
});

const add = ({ fabricId }: TestFabric, secrets: number) =>
  addManySecrets((text, values) => owner.$executeRawUnsafe(text, ...values), fabricId, secrets);

async function tokenOf(person: TestFabric["admin"]): Promise<string> {
  const { token, tokenHash } = newAccessToken();
  await owner.accessToken.create({ data: { userId: person.id, name: "scripts", tokenHash } });
  return token;
}

const secretsOf = ({ fabricId }: TestFabric) => `/api/orchestration/fabric/${fabricId}/secret`;

async function get(path: string, token: string, method = "GET") {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { "x-auth-token": token },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** Asks for the whole list, and reads nothing but the first bytes of the answer. */
async function askWithoutReading(token: string): Promise<{ socket: Socket; status: string }> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(
    `GET ${secretsOf(fabric)} HTTP/1.1\r\nhost: x\r\nx-auth-token: ${token}\r\nconnection: close\r\n\r\n`,
  );
  await once(socket, "readable");
  const begin = socket.read(12) as Buffer;
  return { socket, status: begin.toString("latin1", 9, 12) };
}

describe("a long list without limit", () => {
  test("has the same text as its pages together, in either order", async () => {
    const token = await tokenOf(fabric.user);
    for (const order of ["", "sort=created&order=desc"]) {
      const all = await get(`${secretsOf(fabric)}?${order}`, token);
      expect(all.headers.get("content-type")).toBe("application/json; charset=utf-8");
      const pages = [];
      for (let next: string | null = ""; next !== null; ) {
        const page = await get(`${secretsOf(fabric)}?${order}&limit=500&after=${next}`, token);
        const { secrets, next: following } = JSON.parse(page.body).data;
        pages.push(...secrets);
        next = following;
      }
      expect(pages).toHaveLength(count);
      expect(all.body === JSON.stringify({ success: true, data: { secrets: pages } })).toBe(true);
    }
  });

  test("with a search has the matches of all pages", async () => {
    const token = await tokenOf(fabric.user);
    const found = JSON.parse((await get(`${secretsOf(fabric)}?search=_33`, token)).body).data.secrets;
    expect(found.map((secret: { properties: { name: string } }) => secret.properties.name).sort()).toEqual(
      Array.from({ length: count }, (_, i) => `secret_${i + 1}`)
        .filter((name) => name.startsWith("secret_33"))
        .sort(),
    );
  });

  test("has no Content-Length, and neither has HEAD; a list of one page has both", async () => {
    const token = await tokenOf(other.user);
    await add(other, 500);
    const long = await tokenOf(fabric.user);
    for (const method of ["GET", "HEAD"])
      expect((await get(secretsOf(fabric), long, method)).headers.get("content-length")).toBeNull();
    const short = await get(secretsOf(other), token);
    const length = String(Buffer.byteLength(short.body));
    expect(short.headers.get("content-length")).toBe(length);
    expect((await get(secretsOf(other), token, "HEAD")).headers.get("content-length")).toBe(length);
    expect(JSON.parse(short.body).data.secrets).toHaveLength(500);
  });

  test("holds no database connection while its client does not read, and is complete when it reads on", async () => {
    const { socket } = await askWithoutReading(await tokenOf(fabric.user));
    await expect.poll(() => pool().totalCount - pool().idleCount).toBe(0);
    const body = await text(socket);
    expect(body.match(/"properties"/g)).toHaveLength(count);
    expect(body).toMatch(/\]\}\}\r\n0\r\n\r\n$/);
  });

  test("is refused while its team has too many unread answers, which leave room for another team", async () => {
    const { teamId } = fabric;
    const colleagues = Array.from({ length: 8 }, () => new PassThrough());
    for (const [i, unread] of colleagues.entries())
      unreadAnswers.reserve(unread, { callerId: `colleague ${i}`, teamId }, 8 * 1024 * 1024);
    const refused = await get(secretsOf(fabric), await tokenOf(fabric.user));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(refused.body).toContain("Too many large answers to your team in progress");
    expect((await get(secretsOf(other), await tokenOf(other.user))).status).toBe(200);
    await Promise.all(colleagues.map((unread) => once(unread.destroy(), "close")));
    expect((await get(secretsOf(fabric), await tokenOf(fabric.user))).status).toBe(200);
  });

  test("is refused with 503 while the unread answers of all use up the memory", async () => {
    const readers = Array.from({ length: 16 }, () => new PassThrough());
    for (const [i, unread] of readers.entries())
      unreadAnswers.reserve(unread, { callerId: `stranger ${i}` }, 8 * 1024 * 1024);
    const refused = await get(secretsOf(fabric), await tokenOf(fabric.user));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    await Promise.all(readers.map((unread) => once(unread.destroy(), "close")));
    expect((await get(secretsOf(fabric), await tokenOf(fabric.user))).status).toBe(200);
  });

  test("breaks when its reader's token is revoked", async () => {
    const token = await tokenOf(fabric.user);
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const { socket, status } = await askWithoutReading(token);
      expect(status).toBe("200");
      await owner.accessToken.updateMany({
        where: { userId: fabric.user.id },
        data: { revokedAt: new Date() },
      });
      // The look-up of a moment ago counts for a second.
      vi.advanceTimersByTime(1_100);
      const end = await text(socket).then(
        () => "complete",
        ({ code }) => code,
      );
      expect(end).toBe("ECONNRESET");
    } finally {
      vi.useRealTimers();
    }
  });

  test("is refused to a person with too many unread ones, and to no one else", async () => {
    const token = await tokenOf(fabric.user);
    const unread = [];
    while (unread.at(-1)?.status !== "429") unread.push(await askWithoutReading(token));
    // Each holds a page of 0.9 MB, or the shorter last one, of 8 MiB.
    expect(unread.length).toBeLessThan(20);
    const refused = await get(secretsOf(fabric), token);
    expect(refused).toMatchObject({ status: 429 });
    expect(refused.headers.get("retry-after")).toBe("2");
    expect(JSON.parse(refused.body)).toEqual({
      success: false,
      message:
        "List Secrets failed due to : Too many large answers in progress: read your earlier ones first, then retry.",
    });
    expect((await get(`${secretsOf(fabric)}?limit=500`, token)).status).toBe(429);
    expect((await get(`${secretsOf(fabric)}?limit=10`, token)).status).toBe(200);
    expect((await get(secretsOf(fabric), await tokenOf(fabric.admin))).status).toBe(200);
    for (const { socket } of unread) socket.destroy();
    await expect
      .poll(async () => (await get(`${secretsOf(fabric)}?limit=500`, token)).status, { timeout: 10_000 })
      .toBe(200);
  });
});

test("20 slow searches of one person leave connections for the requests of others", async () => {
  const [busy, free] = [await tokenOf(fabric.user), await tokenOf(other.user)];
  let searches: Promise<{ status: number }>[] = [];
  await owner.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE secret IN ACCESS EXCLUSIVE MODE`;
    searches = Array.from({ length: 20 }, () => get(`${secretsOf(fabric)}?search=secret_1&limit=10`, busy));
    await expect.poll(() => countWaiting(owner, "FROM secret s WHERE")).toBe(3);
    expect((await get("/api/orchestration/team", free)).status).toBe(200);
  });
  expect((await Promise.all(searches)).map(({ status }) => status)).toEqual(Array(20).fill(200));
});
