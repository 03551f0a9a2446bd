import { IncomingMessage, type ServerResponse } from "node:http";
import { sessionIdOf } from "@/lib/next/auth/session-cookie";
import { announcedBytes, type BodyBudget, longBodyBytes } from "@/lib/next/body-budget";
import { findSessionActor } from "@/lib/sessions/queries";
import { isActionBody } from "@/web/action-body";
import type { Refusal } from "@/web/refuse-request";

type Received = { request: IncomingMessage } | { refusal: Refusal } | null;

/**
 * A call of a server action, with its whole body in memory, for Next to read; the bytes are overwritten when it is answered. A
 * long body of somebody who is not signed in is not read: what Next gets is a call without arguments, which the action answers
 * as it answers everybody who is signed out. Null when the sender went away.
 */
export async function receiveAction(
  req: IncomingMessage,
  res: ServerResponse,
  maxBytes: number,
  room: BodyBudget,
): Promise<Received> {
  const bytes = announcedBytes(req.headers, maxBytes);
  // So much anybody may send: an invitation's token, a name and a password.
  if (bytes <= longBodyBytes) return receiveWhole(req, res, maxBytes);
  const sender = await senderOf(req);
  if (sender === null) return { request: replay(req, Buffer.from("[]"), "text/plain;charset=UTF-8") };
  const giveBack = room(sender, bytes);
  if (!giveBack)
    return {
      refusal: { status: 429, message: "Too much is sent at once: wait until the rest has arrived." },
    };
  try {
    return await receiveWhole(req, res, maxBytes);
  } finally {
    giveBack();
  }
}

async function receiveWhole(req: IncomingMessage, res: ServerResponse, maxBytes: number): Promise<Received> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Not by `for await`, which would destroy the connection where it stops.
    await new Promise<void>((done, failed) => {
      req.on("data", (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > maxBytes) failed(new TooLong());
      });
      req.once("end", done).once("error", failed).once("close", failed);
      // It may have gone away while its session was looked for.
      if (req.destroyed) failed();
    });
  } catch (error) {
    req.removeAllListeners("data");
    for (const chunk of chunks) chunk.fill(0);
    return error instanceof TooLong
      ? { refusal: { status: 413, message: "The request is too large." } }
      : null;
  }
  const body = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  const type = req.headers["content-type"] ?? "";
  if (!isActionBody(body, type)) {
    body.fill(0);
    return { refusal: { status: 400, message: "The body is not a call of a server action." } };
  }
  // Only an action that has answered is done with its arguments; one whose caller went away may still read them.
  res.once("finish", () => body.fill(0));
  return { request: replay(req, body, type) };
}

class TooLong extends Error {}

/** The id of the person in whose session a request comes. */
async function senderOf(req: IncomingMessage): Promise<string | null> {
  const sessionId = await sessionIdOf(req.headers.cookie);
  return sessionId === null ? null : ((await findSessionActor(sessionId))?.id ?? null);
}

/** The same request with a body that has arrived. */
function replay(req: IncomingMessage, body: Buffer, type: string): IncomingMessage {
  const { "transfer-encoding": _, ...headers } = req.headers;
  const whole = new IncomingMessage(req.socket);
  Object.assign(whole, {
    method: req.method,
    url: req.url,
    httpVersion: req.httpVersion,
    httpVersionMajor: req.httpVersionMajor,
    httpVersionMinor: req.httpVersionMinor,
    rawHeaders: req.rawHeaders,
    complete: true,
  });
  whole.headers = { ...headers, "content-type": type, "content-length": String(body.length) };
  whole.push(body);
  whole.push(null);
  return whole;
}
