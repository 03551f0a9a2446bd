import { IncomingMessage, type ServerResponse } from "node:http";
import { announcedBytes, type BodyMemory, longBodyBytes } from "@/lib/limits/body-memory";
import { sessionIdOf } from "@/lib/next/auth/session-cookie";
import { findSessionActor } from "@/lib/sessions/queries";
import { isActionBody } from "@/web/action-body";
import type { Refusal } from "@/web/refuse-request";

export type Received = { request: IncomingMessage } | { refusal: Refusal } | null;

/**
 * Reads a server action's whole body into memory for Next, and overwrites the bytes after the answer. Does
 * not read a long body from a sender who is not signed in: Next then receives a call without arguments, which
 * the action answers as signed out. Null when the sender disconnected.
 */
export async function receiveAction(
  req: IncomingMessage,
  res: ServerResponse,
  maxBytes: number,
  bodyMemory: BodyMemory,
): Promise<Received> {
  const bytes = announcedBytes(req.headers, maxBytes);
  // Visitors who are not signed in may send this much: an invitation token, a name and a password.
  if (bytes <= longBodyBytes) return receiveWhole(req, res, maxBytes);
  const sender = await senderOf(req);
  if (sender === null) return { request: withoutArguments(req) };
  const release = bodyMemory(sender, bytes);
  if (!release)
    return {
      refusal: {
        status: 429,
        message: "Too many large requests at once: wait until the others have arrived.",
      },
    };
  try {
    return await receiveWhole(req, res, maxBytes);
  } finally {
    release();
  }
}

/** Reads the whole body of a form, such as a sign-in, as `receiveAction` does. */
export function receiveForm(req: IncomingMessage, res: ServerResponse, maxBytes: number): Promise<Received> {
  return receiveWhole(req, res, maxBytes, () => true);
}

async function receiveWhole(
  req: IncomingMessage,
  res: ServerResponse,
  maxBytes: number,
  isValid = isActionBody,
): Promise<Received> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // `for await` would destroy the connection when it stops early.
    await new Promise<void>((done, failed) => {
      req.on("data", (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > maxBytes) failed(new TooLong());
      });
      req.once("end", done).once("error", failed).once("close", failed);
      // The sender may have disconnected during the session look-up.
      if (req.destroyed) failed();
    });
  } catch (error) {
    req.removeAllListeners("data");
    for (const chunk of chunks) chunk.fill(0);
    return error instanceof TooLong ? { refusal: { status: 413, message: "Request body too large." } } : null;
  }
  const body = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  const type = req.headers["content-type"] ?? "";
  if (!isValid(body, type)) {
    body.fill(0);
    return { refusal: { status: 400, message: "The body is not a valid server action call." } };
  }
  // Overwrite only after the answer: an action whose caller disconnected may still read its arguments.
  res.once("finish", () => body.fill(0));
  return { request: replay(req, body, type) };
}

class TooLong extends Error {}

/** The id of the person whose session cookie the request carries. */
async function senderOf(req: IncomingMessage): Promise<string | null> {
  const sessionId = await sessionIdOf(req.headers.cookie);
  return sessionId === null ? null : ((await findSessionActor(sessionId))?.id ?? null);
}

/** The same call without its arguments, for an action that refuses before it looks at them. */
export function withoutArguments(req: IncomingMessage): IncomingMessage {
  return replay(req, Buffer.from("[]"), "text/plain;charset=UTF-8");
}

/** The same request, with a body that has already been read. */
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
