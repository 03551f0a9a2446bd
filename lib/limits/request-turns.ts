import type { ServerResponse } from "node:http";
import { finished } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Turns } from "@/lib/limits/turns";

/** A turn that a request holds. */
export type HeldTurn = { workEnded(): void };

/**
 * Takes a turn for a request. It ends when the response is closed and the work has ended: a client that
 * disconnects early, or that does not read its answer, frees no turn for its next request.
 * Returns null when too many requests of the key wait, or when the client disconnected while it waited.
 */
export async function takeTurn(
  turns: Turns,
  key: string,
  response: ServerResponse,
): Promise<HeldTurn | null> {
  const disconnected = new AbortController();
  let isClosed = false;
  let isEnded = false;
  let end: (() => void) | null = null;
  const endIfDone = () => {
    if (isClosed && isEnded) end?.();
  };
  finished(response, () => {
    isClosed = true;
    disconnected.abort();
    endIfDone();
  });
  end = await turns.take(key, disconnected.signal);
  if (!end) return null;
  return {
    workEnded() {
      isEnded = true;
      endIfDone();
    },
  };
}

const held = new WeakMap<FastifyRequest, { response: ServerResponse; turn?: HeldTurn }>();

/** Lets the requests of an app take turns. */
export function serveInTurns(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    held.set(request, { response: reply.raw });
    done();
  });
  // Runs for every answer, also for one whose client is gone.
  app.addHook("onSend", (request, _reply, _payload, done) => {
    held.get(request)?.turn?.workEnded();
    done();
  });
}

/** Takes a turn for a request of such an app. Returns false when too many of the key wait. */
export async function waitForTurn(request: FastifyRequest, turns: Turns, key: string): Promise<boolean> {
  const own = held.get(request);
  if (!own) throw new Error("This app does not serve in turns.");
  const turn = await takeTurn(turns, key, own.response);
  if (turn) own.turn = turn;
  return turn !== null;
}
