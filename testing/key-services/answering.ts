import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Situation } from "@/testing/key-services/key-service";

/** An answer: status, body, and further headers. Undefined: the request is never answered. */
export type Answer = { status: number; body: unknown; headers?: Record<string, string> } | undefined;
export type Asked = { request: IncomingMessage; path: string; body: Record<string, string> };

/** Counts requests, and answers them by `answer` unless the situation is one of every server. */
export function createAnswering(answer: (asked: Asked, situation: Situation) => Answer) {
  let situation: Situation = "works";
  let requests = 0;
  let mebibytes = 0;

  /** Sends spaces, which JSON allows before a value, for as long as the client reads. */
  async function sendWithoutEnd(response: ServerResponse): Promise<void> {
    const isCompressed = situation === "a compressed answer without an end";
    response.writeHead(200, {
      "content-type": "application/json",
      ...(isCompressed && { "content-encoding": "gzip" }),
    });
    const body = isCompressed ? createGzip() : response;
    if (body !== response) body.pipe(response);
    const ended = finished(response).catch(() => {});
    for (; mebibytes < mostMebibytes && !response.destroyed; mebibytes += 1)
      if (!body.write(mebibyte)) await Promise.race([once(body, "drain"), ended]);
    body.end();
  }

  return {
    be(next: Situation) {
      situation = next;
      requests = 0;
      mebibytes = 0;
    },
    requests: () => requests,
    sentMebibytes: () => mebibytes,
    async serve(request: IncomingMessage, response: ServerResponse) {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      requests += 1;
      if (situation.endsWith("answer without an end")) return sendWithoutEnd(response);
      const given =
        everywhere(situation) ??
        answer(
          { request, path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString() || "{}") },
          situation,
        );
      if (!given || situation === "hanging") return;
      const { status, body, headers } = given;
      const isText = typeof body === "string";
      response.writeHead(status, {
        "content-type": isText ? "text/html" : "application/json",
        ...headers,
      });
      response.end(isText ? body : JSON.stringify(body));
    },
  };
}

const mebibyte = Buffer.alloc(1024 * 1024, " ");
/** An end after all, so that a client without a limit fails its test and not the machine. */
const mostMebibytes = 400;

function everywhere(situation: Situation): Answer {
  if (situation === "a page of a proxy") return { status: 200, body: "<html>Welcome to the hotel</html>" };
  if (situation === "an empty answer") return { status: 200, body: {} };
  return undefined;
}

const algorithm = "aes-256-gcm";

/** A symmetric key, as a service holds it. */
export function createSecretKey(key = randomBytes(32)) {
  return {
    encrypt(plain: Buffer, aad: string): Buffer {
      const iv = randomBytes(12);
      const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(aad));
      return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    /** Undefined for what another key or another context encrypted. */
    decrypt(sealed: Buffer, aad: string): Buffer | undefined {
      try {
        const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, 12));
        decipher.setAAD(Buffer.from(aad)).setAuthTag(sealed.subarray(-16));
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
