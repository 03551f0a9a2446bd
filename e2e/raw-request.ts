import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type RawAnswer = { status: number | undefined; head: string; body: string };

/** Sends a request exactly as written, where fetch would correct it, and reads until the server has answered. */
export async function sendRaw(
  url: string,
  head: readonly string[],
  body: Buffer | string = "",
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  const answered = new Promise<void>((done) => {
    socket.on("data", (chunk) => chunks.push(chunk)).once("close", () => done());
    socket.on("error", () => done());
    socket.setTimeout(20_000, () => socket.destroy());
  });
  socket.write([...head, "connection: close", "", ""].join("\r\n"));
  socket.write(body);
  await answered;
  const text = Buffer.concat(chunks).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return {
    status: status === undefined ? undefined : Number(status),
    head: text.slice(0, end),
    body: text.slice(end + 4),
  };
}

/** Sends a request with an endless body. Returns the answer, the bytes sent, and the time taken. */
export async function sendEndless(url: string, head: readonly string[], patienceMs = 8_000) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let isOver = false;
  let answer = "";
  let sent = 0;
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  socket
    .on("error", () => undefined)
    .once("close", () => {
      isOver = true;
    });
  const started = performance.now();
  socket.write([...head, "transfer-encoding: chunked", "", ""].join("\r\n"));
  const part = Buffer.from(`10000\r\n${"x".repeat(65_536)}\r\n`);
  while (!isOver && performance.now() - started < patienceMs) {
    const wentOut = await Promise.race([
      new Promise<boolean>((done) => socket.write(part, (error) => done(!error))),
      sleep(200).then(() => false),
    ]);
    if (wentOut) sent += part.length;
    await sleep(5);
  }
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
  return { status: Number(status), isOver, sent, ms: Math.round(performance.now() - started) };
}
