import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { startVaultDialect, type VaultDialect } from "@/testing/vault-dialect";

let dialect: VaultDialect;

beforeAll(async () => {
  dialect = await startVaultDialect([{ id: "warehouse", subKind: "text", fields: { value: "x" } }]);
});
afterEach(() => vi.useRealTimers());
afterAll(() => dialect.close());

/** A client that leaves its side of the connection open, with what it received. */
async function openClient() {
  const client = connect({
    port: Number(new URL(dialect.url).port),
    host: "127.0.0.1",
    allowHalfOpen: true,
    noDelay: true,
  });
  const received = { text: "", isClosed: false };
  client.on("data", (bytes) => {
    received.text += bytes.toString("latin1");
  });
  // A reset is one of the ways in which automate closes a connection.
  client
    .on("error", () => undefined)
    .on("close", () => {
      received.isClosed = true;
    });
  await once(client, "connect");
  return { client, received };
}

const health = "LIST /vault/v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n";
/** Its refusal takes two seconds, like that of each workload token. */
const slow = (method: string) =>
  `${method} /vault/v1/none/metadata HTTP/1.1\r\nHost: x\r\nX-Vault-Token: e30.e30.e30\r\n\r\n`;

async function pumpUntilClosed(client: Socket, received: { isClosed: boolean }): Promise<number> {
  const bytes = Buffer.alloc(16 * 1024);
  for (let sent = 0; ; sent += bytes.length) {
    if (received.isClosed || sent > 256 * 1024 * 1024) return sent;
    client.write(bytes);
    await nextTurn();
  }
}

test("a client that sends on before the answer to LIST is cut off", async () => {
  const { client, received } = await openClient();
  client.write(slow("LIST"));
  await pumpUntilClosed(client, received);
  expect(received).toEqual({ text: "", isClosed: true });
});

test("a body in a packet of its own does not stop LIST", async () => {
  const { client, received } = await openClient();
  client.write(slow("LIST"));
  client.write("{}");
  await once(client, "end");
  expect(received.text).toMatch(/^HTTP\/1\.1 403 /);
});

test("LIST behind a request without an answer is not answered in its place", async () => {
  const accepted = once(dialect.app.server, "request");
  const { client, received } = await openClient();
  client.write(slow("GET"));
  await accepted;
  client.write(health);
  await once(client, "end");
  expect(received.text).toMatch(/^HTTP\/1\.1 400 /);
});

test("the head of LIST must arrive within 30 seconds, however it is split", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { client, received } = await openClient();
  client.write("LIST /vault/v1/");
  for (let seconds = 0; seconds < 60 && !received.isClosed; seconds += 1) {
    client.write("a");
    await nextTurn();
    vi.advanceTimersByTime(1_000);
    await nextTurn();
  }
  await vi.waitFor(() => expect(received.isClosed).toBe(true), 10_000);
});

test.each([
  ["LIST", health],
  ["bytes that are no HTTP", "JUNK\r\n\r\n"],
])("the connection of %s ends, also if its client does not close it", async (_what, bytes) => {
  const accepted = once(dialect.app.server, "connection");
  const { client } = await openClient();
  const [connection] = (await accepted) as [Socket];
  client.write(bytes);
  await once(client, "end");
  await vi.waitFor(() => expect(connection.destroyed).toBe(true), 10_000);
  client.destroy();
});

test("LIST comes from the address of its connection, whatever its headers name", async () => {
  const elsewhere = await dialect.addToken(dialect.fabric, { cidrs: ["192.0.2.1/32"] });
  const here = await dialect.addToken(dialect.fabric, { cidrs: ["127.0.0.1/32"] });
  const statusOf = async (token: string) => {
    const { client, received } = await openClient();
    client.write(
      `LIST /vault/v1/${dialect.mount}/metadata HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n`,
    );
    await once(client, "end");
    return received.text.slice(9, 12);
  };
  expect([await statusOf(elsewhere), await statusOf(here)]).toEqual(["403", "200"]);
});
