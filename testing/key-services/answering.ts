import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Situation } from "@/testing/key-services/key-service";

/** An answer: status, body, and further headers. Undefined: the request is never answered. */
export type Answer = { status: number; body: unknown; headers?: Record<string, string> } | undefined;
export type Asked = { request: IncomingMessage; path: string; body: Record<string, string> };

/** Counts requests, and answers them by `answer` unless the situation is one of every server. */
export function createAnswering(answer: (asked: Asked, situation: Situation) => Answer) {
  let situation: Situation = "works";
  let requests = 0;
  return {
    be(next: Situation) {
      situation = next;
      requests = 0;
    },
    requests: () => requests,
    async serve(request: IncomingMessage, response: ServerResponse) {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      requests += 1;
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
