import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { publicVerification } from "@/automate/checks/certificates";

const nowhere = "rehearsal.invalid";
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

/** Dials a place that the guard of this process refuses: all but the packets of a first dial. Every exit is shut by then. */
export function rehearseDial(): Promise<void> {
  return new Promise((resolve) => {
    const refused = tls.connect({ host: nowhere, port: 443, ...publicVerification() });
    refused.once("error", () => {}).once("close", () => resolve());
  });
}

async function rehearse(): Promise<void> {
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({ connect: (_options, done) => setImmediate(() => done(null, standIn())) });
  const body = new URLSearchParams({ rehearsal: "1" }).toString();
  const response = await request(`http://${nowhere}/`, { method: "POST", body, dispatcher });
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
