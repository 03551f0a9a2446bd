import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Slots } from "@/lib/limits/slots";

/** A slot that a request holds. */
export type RequestSlot = { workEnded(): void };

/**
 * Acquires a slot for a request. It is released when the response is closed and the work has ended: a client that
 * disconnects early, or that does not read its answer, frees no slot for its next request.
 * Returns null when too many requests of the key wait, or when the client disconnected while it waited.
 */
export async function acquireRequestSlot(
  slots: Slots,
  key: string,
  response: ServerResponse,
): Promise<RequestSlot | null> {
  if (response.destroyed) return null;
  const slot = await slots.acquire(key, (leave) => response.once("close", leave));
  if (!slot) return null;
  let isEnded = false;
  const releaseIfDone = () => {
    if (isEnded && response.destroyed) slot.release();
  };
  // The client may have disconnected in the meantime: nobody waits for the work.
  if (response.destroyed) {
    slot.release();
    return null;
  }
  response.once("close", releaseIfDone);
  return {
    workEnded() {
      isEnded = true;
      releaseIfDone();
    },
  };
}

const held = new WeakMap<FastifyRequest, { response: ServerResponse; slot?: RequestSlot }>();

/** Lets the requests of an app wait for slots. */
export function serveInSlots(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    held.set(request, { response: reply.raw });
    done();
  });
  // Runs for every answer, also for one whose client is gone.
  app.addHook("onSend", (request, _reply, _payload, done) => {
    held.get(request)?.slot?.workEnded();
    done();
  });
}

/** Acquires a slot for a request of such an app. Returns false when too many of the key wait. */
export async function waitForSlot(request: FastifyRequest, slots: Slots, key: string): Promise<boolean> {
  const own = held.get(request);
  if (!own) throw new Error("This app does not serve in slots.");
  const slot = await acquireRequestSlot(slots, key, own.response);
  if (slot) own.slot = slot;
  return slot !== null;
}
