import type { Caller } from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";

export type PageAnswer = { status: number; location: string | null; body: string };
type Options = { method?: string; body?: string; headers?: Record<string, string> };

/** Requests a page or route from web without a browser. */
export async function navigate(caller: Caller, path: string, options: Options = {}): Promise<PageAnswer> {
  const { headers, ...init } = options;
  const response = await fetch(new URL(path, stack().webUrl), {
    redirect: "manual",
    ...init,
    headers: { ...(caller.cookie ? { cookie: caller.cookie } : {}), ...headers },
  });
  const location = response.headers.get("location");
  // Next redirects the request for a payload to the address that identifies it in caches.
  if (location?.includes("_rsc") && !path.includes("_rsc")) {
    const next = new URL(location, response.url);
    return navigate(caller, `${next.pathname}${next.search}`, options);
  }
  return { status: response.status, location, body: await response.text() };
}

/**
 * The content of an answer without its variable parts: requested ids, nonces, and the order and numbers of streamed
 * page parts. Every word counts once.
 */
export function gist({ status, location, body }: PageAnswer, ids: readonly string[] = []) {
  const clean = (text: string) =>
    ids
      .reduce((rest, id) => rest.replaceAll(id, "«id»"), text)
      .replace(/(\\?")[\w-]{21}[vmh]\1/g, "$1«request»$1")
      .replace(/nonce(\\?["']?[:=]\\?["']?)[A-Za-z0-9+/=]{20,}/g, "nonce$1«nonce»");
  const words = clean(body).match(/[\p{L}«»][\p{L}\p{M}«»@_./-]{2,}/gu) ?? [];
  return { status, location: location && clean(location), words: [...new Set(words)].sort() };
}
