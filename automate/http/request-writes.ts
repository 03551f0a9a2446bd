import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Saved, watchWrites } from "@/lib/db/writes";

const watches = new WeakMap<FastifyRequest, ReturnType<typeof watchWrites>>();

/** Tracks the writes of each request of an app. */
export function watchRequests(app: FastifyInstance): void {
  // As late as possible: code that reads a body resumes in the socket's async context, not the request's.
  app.addHook("preHandler", (request, _reply, done) => {
    const watch = watchWrites();
    watches.set(request, watch);
    watch.run(done);
  });
}

/** Returns what is known about the writes of a request. */
export function savedBy(request: FastifyRequest): Saved {
  return watches.get(request)?.saved() ?? "nothing";
}
