import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { encode } from "next-auth/jwt";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { sessionCookies } from "@/lib/next/auth/session-cookie";
import { startSession } from "@/lib/sessions/mutations";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { listen } from "@/testing/servers/listening";
import { createAdmission } from "@/web/admission";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
  // Rates count by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const limits = { person: 10, token: 6, address: 4, atOnce: 2 };
const admissionOf = (own: Partial<typeof limits> = {}) => {
  const { person, token, address, atOnce } = { ...limits, ...own };
  return createAdmission({
    ...webEnv(),
    WEB_RATE_PER_MINUTE: person,
    WEB_TOKEN_RATE_PER_MINUTE: token,
    WEB_ADDRESS_RATE_PER_MINUTE: address,
    WEB_CONCURRENCY: atOnce,
  });
};

async function cookieOf(person: TestFabric["admin"]): Promise<string> {
  const sid = await startSession({ userId: person.id, accessEpoch: 0 }, "password");
  const token = await encode({ token: { sid }, secret: webEnv().SESSION_SECRET });
  return `${sessionCookies(webEnv().PUBLIC_URL).sessionToken.name}=${token}`;
}

/** A request to a real server that answers when the test says so. */
async function requests() {
  const arrived: { req: IncomingMessage; res: ServerResponse }[] = [];
  const server = createServer((req, res) => void arrived.push({ req, res }));
  const { port, close } = await listen(server);
  return {
    close,
    async arrive(cookie = "") {
      const before = arrived.length;
      const gone = new AbortController();
      const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { cookie }, signal: gone.signal }).catch(
        () => null,
      );
      await vi.waitFor(() => expect(arrived.length).toBe(before + 1), 10_000);
      const last = arrived[before];
      if (!last) throw new Error("nothing arrived");
      // The test asks several times for one response.
      last.res.setMaxListeners(100);
      return { ...last, answer, disconnect: () => gone.abort() };
    },
  };
}

type Outcome = Awaited<ReturnType<ReturnType<typeof createAdmission>["page"]>>;
const admitted = (outcomes: Outcome[]) => outcomes.filter(({ ok }) => ok).length;

test("one person has one rate, by screen and with all access tokens; each token has its own", async () => {
  const admission = admissionOf({ atOnce: 100 });
  const server = await requests();
  const { req, res } = await server.arrive(await cookieOf(fabric.admin));
  const withToken = (id: string) => ({ ...fabric.admin, accessToken: { id, name: "script" } });
  const script = async (id: string, times: number) => {
    const outcomes: Outcome[] = [];
    for (let i = 0; i < times; i++) outcomes.push(await admission.script(withToken(id), res));
    return outcomes;
  };
  const [first, second] = [randomUUID(), randomUUID()];
  const ofFirst = await script(first, 9);
  expect(admitted(ofFirst)).toBe(6);
  expect(ofFirst.at(-1)).toMatchObject({
    refused: { message: expect.stringMatching(/^This access token has sent more than 6 requests/) },
  });
  expect(admitted(await script(second, 9))).toBe(4);
  expect(await admission.page(req, res, "203.0.113.7")).toMatchObject({
    ok: false,
    refused: { message: expect.stringMatching(/^You have sent more than 10 requests in this minute\. Try/) },
  });
  expect(admitted([await admission.script(fabric.user, res)])).toBe(1);
  await server.close();
});

test("the rate of a person is shared by all copies of web", async () => {
  const copies = [admissionOf({ atOnce: 100 }), admissionOf({ atOnce: 100 })];
  const server = await requests();
  const { res } = await server.arrive();
  const asked = copies.flatMap((copy) =>
    Array.from({ length: 12 }, (_, i) =>
      copy.script({ ...fabric.admin, accessToken: { id: `${fabric.fabricId} ${i}`, name: "s" } }, res),
    ),
  );
  expect(admitted(await Promise.all(asked))).toBe(10);
  await server.close();
});

test("visitors without a session share the limit of their address, and people in a session have none of it", async () => {
  const admission = admissionOf({ atOnce: 100 });
  const server = await requests();
  const visitor = await server.arrive();
  const forged = await server.arrive(`${sessionCookies(webEnv().PUBLIC_URL).sessionToken.name}=made-up`);
  const member = await server.arrive(await cookieOf(fabric.user));
  const ask = ({ req, res }: typeof visitor) => admission.page(req, res, "203.0.113.7");
  const outcomes = [];
  for (const who of [visitor, forged, visitor, forged, visitor, forged]) outcomes.push(await ask(who));
  expect(admitted(outcomes)).toBe(4);
  expect(admitted([await ask(member)])).toBe(1);
  expect(admitted([await admission.page(visitor.req, visitor.res, "203.0.113.8")])).toBe(1);
  await server.close();
});

test("few requests of one person run at once; a slot is released when the work and the answer have ended", async () => {
  const admission = admissionOf({ person: 1000, token: 1000, atOnce: 1 });
  const server = await requests();
  const cookie = await cookieOf(fabric.user);
  const [first, second, third] = [
    await server.arrive(cookie),
    await server.arrive(cookie),
    await server.arrive(cookie),
  ];
  const seen: string[] = [];
  const ask = async (name: string, { req, res }: typeof first) => {
    const outcome = await admission.page(req, res, "203.0.113.7");
    seen.push(name);
    return outcome;
  };
  const one = await ask("first", first);
  const two = ask("second", second);
  const three = ask("third", third);
  // Scripts of the same person have a queue of their own.
  expect(admitted([await admission.script(fabric.user, third.res)])).toBe(1);
  // The client leaves, but its work goes on: nobody else may start.
  first.disconnect();
  await vi.waitFor(() => expect(first.res.destroyed || first.res.closed).toBe(true), 10_000);
  await new Promise((done) => setImmediate(done));
  expect(seen).toEqual(["first"]);
  if (one.ok) one.slot.workEnded();
  const next = await two;
  // The work ended, but the answer is not sent yet.
  if (next.ok) next.slot.workEnded();
  await new Promise((done) => setImmediate(done));
  expect(seen).toEqual(["first", "second"]);
  second.res.end("read");
  expect(admitted([await three])).toBe(1);
  expect(seen).toEqual(["first", "second", "third"]);
  third.res.end();
  await server.close();
});
