import type { Socket } from "node:net";
import { Duplex } from "node:stream";

const answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
let rehearsed: Promise<void> | undefined;

/**
 * Makes one call against an answer in memory, ahead of a check: the first one of a process takes 30 ms longer than the
 * next, for what has to be compiled. Nothing leaves the process.
 */
export function rehearseHttp(): Promise<void> {
  rehearsed ??= rehearse();
  return rehearsed;
}

async function rehearse(): Promise<void> {
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({ connect: (_options, done) => setImmediate(() => done(null, standIn())) });
  const body = new URLSearchParams({ rehearsal: "1" }).toString();
  const response = await request("http://rehearsal.invalid/", { method: "POST", body, dispatcher });
  await response.body.json();
  await dispatcher.destroy();
}

/** As much of a socket as the client needs, which answers whatever is written to it. */
function standIn(): Socket {
  let hasAnswered = false;
  const socket: Duplex = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      if (!hasAnswered) this.push(answer);
      hasAnswered = true;
      done();
    },
  });
  const same = () => socket;
  const socketOnly = { ref: same, unref: same, setNoDelay: same, setKeepAlive: same, setTimeout: same };
  return Object.assign(socket, socketOnly) as unknown as Socket;
}
