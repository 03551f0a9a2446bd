import type { Caller } from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";

export type Visit = { status: number; location: string | null; body: string };
type Options = { method?: string; body?: string; headers?: Record<string, string> };

/** Asks web for a page or route without a browser. */
export async function visit(caller: Caller, path: string, options: Options = {}): Promise<Visit> {
  const { headers, ...init } = options;
  const response = await fetch(new URL(path, stack().webUrl), {
    redirect: "manual",
    ...init,
    headers: { ...(caller.cookie ? { cookie: caller.cookie } : {}), ...headers },
  });
  const location = response.headers.get("location");
  // Next sends the request for a payload on to the address by which caches know it.
  if (location?.includes("_rsc") && !path.includes("_rsc")) {
    const next = new URL(location, response.url);
    return visit(caller, `${next.pathname}${next.search}`, options);
  }
  return { status: response.status, location, body: await response.text() };
}

/**
 * What an answer says, without what differs from request to request: the ids that were asked for, nonces, and in which
 * order and under which numbers the parts of a page were ready. Every word counts, once.
 */
export function gist({ status, location, body }: Visit, ids: readonly string[] = []) {
  const clean = (text: string) =>
    ids
      .reduce((rest, id) => rest.replaceAll(id, "«id»"), text)
      .replace(/(\\?")[\w-]{21}[vmh]\1/g, "$1«request»$1")
      .replace(/nonce(\\?["']?[:=]\\?["']?)[A-Za-z0-9+/=]{20,}/g, "nonce$1«nonce»");
  const words = clean(body).match(/[\p{L}«»][\p{L}\p{M}«»@_./-]{2,}/gu) ?? [];
  return { status, location: location && clean(location), words: [...new Set(words)].sort() };
}
