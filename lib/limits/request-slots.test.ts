import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acquireRequestSlot } from "@/lib/limits/request-slots";
import { createSlots } from "@/lib/limits/slots";
import { type Listening, listen } from "@/testing/servers/listening";

const slots = createSlots({ atOncePerKey: 1, waitingPerKey: 1 });
type Served = { response: ServerResponse; slot: ReturnType<typeof acquireRequestSlot> };
const served: Served[] = [];
let server: Listening;

beforeAll(async () => {
  server = await listen(
    createServer((_request, response) => {
      served.push({ response, slot: acquireRequestSlot(slots, "one", response) });
    }),
  );
});
afterAll(() => server.close());

/** Sends a request, and returns it once the server has it. */
async function ask(): Promise<Served & { client: Socket }> {
  const before = served.length;
  const client = connect(server.port, "127.0.0.1").on("error", () => undefined);
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await expect.poll(() => served.length).toBe(before + 1);
  const request = served.at(-1);
  if (!request) throw new Error("No request.");
  return { ...request, client };
}

async function disconnect({ client, response }: { client: Socket; response: ServerResponse }) {
  client.destroy();
  if (!response.destroyed) await once(response, "close");
}

/** True when the slot is free. */
async function isFree(): Promise<boolean> {
  const slot = await slots.acquire("one", (leave) => leave());
  slot?.release();
  return slot !== null;
}

test("a slot is released when the answer is sent and the work has ended", async () => {
  const { response, slot, client } = await ask();
  const held = await slot;
  held?.workEnded();
  expect(await isFree()).toBe(false);
  response.end("answer");
  await expect.poll(isFree).toBe(true);
  client.destroy();
});

test("a client that disconnects early frees its slot only when the work has ended", async () => {
  const request = await ask();
  const held = await request.slot;
  await disconnect(request);
  expect(await isFree()).toBe(false);
  held?.workEnded();
  expect(await isFree()).toBe(true);
});

test("a client that disconnects while it waits takes no slot", async () => {
  const [first, second] = [await ask(), await ask()];
  const held = await first.slot;
  await disconnect(second);
  expect(await second.slot).toBeNull();
  held?.workEnded();
  await disconnect(first);
  expect(await isFree()).toBe(true);
});

test("a request whose client is gone takes no slot", async () => {
  const request = await ask();
  (await request.slot)?.workEnded();
  await disconnect(request);
  expect(await acquireRequestSlot(slots, "one", request.response)).toBeNull();
  expect(await isFree()).toBe(true);
});

test("a client that disconnects at the moment when its turn comes takes no slot", async () => {
  const [first, second] = [await ask(), await ask()];
  (await first.slot)?.workEnded();
  // Called after the slot is assigned, and before the code that waits for it resumes.
  first.response.once("close", () => second.response.destroy());
  await disconnect(first);
  expect(await second.slot).toBeNull();
  expect(await isFree()).toBe(true);
  second.client.destroy();
});
