import type { Dispatcher } from "undici";

type Options = Omit<Dispatcher.RequestOptions, "origin" | "path"> & { dispatcher: Dispatcher };

/**
 * Loads undici's client without the rest of it: its index loads fetch, WebSocket, caches and mocks, too, which take most
 * of the time in which the process of a check of an HTTPS service starts. Not before the egress guard is active.
 */
export async function loadUndici() {
  const [{ default: Agent }, { default: requestOf }] = await Promise.all([
    import("undici/lib/dispatcher/agent.js"),
    import("undici/lib/api/api-request.js"),
  ]);
  /** Requests a URL as `request` of undici's index does. A redirect is an answer. */
  function request(url: string | URL, { dispatcher, ...options }: Options): Promise<Dispatcher.ResponseData> {
    const { origin, pathname, search } = new URL(url);
    return requestOf.call(dispatcher, { ...options, origin, path: pathname + search });
  }
  return { Agent, request };
}
