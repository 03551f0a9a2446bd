import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Saved, watchWrites } from "@/lib/db/writes";

const watches = new WeakMap<FastifyRequest, ReturnType<typeof watchWrites>>();

/** Watches what each request of an app writes. */
export function watchRequests(app: FastifyInstance): void {
  // As late as it can be: what reads a body comes back from the socket, and not from the request.
  app.addHook("preHandler", (request, _reply, done) => {
    const watch = watchWrites();
    watches.set(request, watch);
    watch.run(done);
  });
}

/** What is known of the writes of a request. */
export function savedBy(request: FastifyRequest): Saved {
  return watches.get(request)?.saved() ?? "nothing";
}
