import type { Caller } from "@/e2e/server-actions";
import { stack } from "@/e2e/stack-address";

export type Visit = { status: number; location: string | null; body: string };

/** Asks web for a page or route without a browser. */
export async function visit(
  { cookie }: Caller,
  path: string,
  { headers, ...init }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Visit> {
  const response = await fetch(new URL(path, stack().webUrl), {
    redirect: "manual",
    ...init,
    headers: { ...(cookie ? { cookie } : {}), ...headers },
  });
  return { status: response.status, location: response.headers.get("location"), body: await response.text() };
}

/** The same answer without what differs from request to request: ids that were asked for, and nonces. */
export function withoutNoise({ status, location, body }: Visit, ids: readonly string[] = []): Visit {
  const clean = (text: string) =>
    ids
      .reduce((rest, id) => rest.replaceAll(id, "«id»"), text)
      .replace(/nonce(\\?["']?[:=]\\?["']?)[A-Za-z0-9+/=]{20,}/g, "nonce$1«nonce»");
  return { status, location: location && clean(location), body: clean(body) };
}
