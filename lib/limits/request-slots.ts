import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Slot, Slots } from "@/lib/limits/slots";

/** A slot that a request holds. */
export type RequestSlot = { workEnded(): void };

/**
 * Acquires a slot for a request. It is released when the response is closed and the work has ended: a client that
 * disconnects early, or that does not read its answer, frees no slot for its next request.
 * Returns null when too many requests of the key wait, or when the client disconnected while it waited.
 */
export function acquireRequestSlot(
  slots: Slots,
  key: string,
  response: ServerResponse,
): Promise<RequestSlot | null> | RequestSlot | null {
  if (response.destroyed) return null;
  const slot = slots.acquire(key, (leave) => response.once("close", leave));
  return slot instanceof Promise ? slot.then((later) => hold(later, response)) : hold(slot, response);
}

function hold(slot: Slot | null, response: ServerResponse): RequestSlot | null {
  if (!slot) return null;
  // The client disconnected when the slot had just become free: nobody waits for the work.
  if (response.destroyed) {
    slot.release();
    return null;
  }
  let isEnded = false;
  const releaseIfDone = () => {
    if (isEnded && response.destroyed) slot.release();
  };
  response.once("close", releaseIfDone);
  return {
    workEnded() {
      isEnded = true;
      releaseIfDone();
    },
  };
}

declare module "fastify" {
  interface FastifyRequest {
    /** The answer to this request, and the slot that it holds. Null in an app that does not serve in slots. */
    inSlot: { response: ServerResponse; slot: RequestSlot | null } | null;
  }
}

/** Lets the requests of an app wait for slots. */
export function serveInSlots(app: FastifyInstance): void {
  app.decorateRequest("inSlot", null);
  app.addHook("onRequest", (request, reply, done) => {
    request.inSlot = { response: reply.raw, slot: null };
    done();
  });
  // Runs for every answer, also for one whose client is gone.
  app.addHook("onSend", (request, _reply, _payload, done) => {
    request.inSlot?.slot?.workEnded();
    done();
  });
}

/** Acquires a slot for a request of such an app. Returns false when too many of the key wait. */
export async function waitForSlot({ inSlot }: FastifyRequest, slots: Slots, key: string): Promise<boolean> {
  if (!inSlot) throw new Error("This app does not serve in slots.");
  inSlot.slot = await acquireRequestSlot(slots, key, inSlot.response);
  return inSlot.slot !== null;
}
