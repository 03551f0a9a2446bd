import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher } from "undici";
import * as z from "zod";
import { AddressRefused, guardedConnect } from "@/automate/http/guarded-connect";
import { issuerRequests } from "@/automate/http/metrics";
import { type PublicKey, type PublicKeySet, publicKey } from "@/lib/access/issuer-keys";
import { db, Prisma } from "@/lib/db/client";
import type { IssuerProblem } from "@/lib/internal-api/bodies/trusted-issuer";
import { loadUndici } from "@/worker/clients/undici";

const timeoutMs = 4_000;
const maxAnswerBytes = 262_144;
/**
 * After this time, keys are refreshed in the background. The old ones stay valid meanwhile, and while the
 * issuer is unreachable, up to `maxStaleMs`.
 */
const refreshAfterMs = 10 * 60_000;
const maxStaleMs = 24 * 60 * 60_000;
/** Anyone can name an issuer or a key in a token, so tokens must not trigger a request each. */
const minIntervalMs = 5_000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySetSchema = z.object({ keys: z.array(z.unknown()).max(200) });

/** An issuer's keys cannot be fetched, and why. */
export class IssuerUnusable extends Error {
  override name = "IssuerUnusable";

  constructor(readonly problem: IssuerProblem) {
    super(problem);
  }
}

type CacheEntry = {
  keys: PublicKeySet | null;
  fetchedAt: number;
  requestedAt: number;
  fetching: Promise<void> | null;
};
const cache = new Map<string, CacheEntry>();

/**
 * Returns the cached keys of a trusted issuer, or null. Refreshes them in the background. Waits for the
 * refresh, until `until` at most, only when none are cached or with `refresh`.
 */
export async function keysOf(
  issuer: string,
  { until, refresh = false }: { until: number; refresh?: boolean },
): Promise<PublicKeySet | null> {
  const now = Date.now();
  const entry = cache.get(issuer) ?? { keys: null, fetchedAt: 0, requestedAt: 0, fetching: null };
  cache.set(issuer, entry);
  if (entry.keys && now - entry.fetchedAt > maxStaleMs) entry.keys = null;
  const isDue = refresh || !entry.keys || now - entry.fetchedAt > refreshAfterMs;
  if (isDue && !entry.fetching && now - entry.requestedAt > minIntervalMs) {
    entry.requestedAt = now;
    entry.fetching = fetchKeys(issuer)
      .then((keys) => Object.assign(entry, { keys, fetchedAt: Date.now() }))
      .catch(() => undefined)
      .then(() => {
        entry.fetching = null;
      });
  }
  if (entry.fetching && (refresh || !entry.keys))
    await Promise.race([entry.fetching, sleep(Math.max(0, until - Date.now()), undefined, { ref: false })]);
  return entry.keys;
}

/**
 * Refreshes the keys of every trusted issuer now and every ten minutes, until `signal`. The first workload
 * need not wait, and a key that an issuer withdrew stops working even without requests. `onError` receives
 * only the error's name.
 */
export async function refreshIssuerKeys({
  onError,
  signal,
  everyMs = refreshAfterMs,
}: {
  onError: (name: string) => void;
  signal: AbortSignal;
  everyMs?: number;
}): Promise<void> {
  while (!signal.aborted) {
    await fetchAllKeys().catch((error: unknown) => onError(error instanceof Error ? error.name : "Error"));
    await sleep(everyMs, undefined, { ref: false, signal }).catch(() => {});
  }
}

/** Fetches the keys of at most 1,000 issuers, four at a time. */
async function fetchAllKeys(): Promise<void> {
  const rows = await db.trustedIssuer.findMany({
    where: { keys: { equals: Prisma.DbNull } },
    distinct: ["issuer"],
    select: { issuer: true },
    take: 1_000,
  });
  const queue = rows.map(({ issuer }) => issuer);
  const next = async () => {
    for (let issuer = queue.pop(); issuer !== undefined; issuer = queue.pop())
      await keysOf(issuer, { until: Date.now() + 2 * timeoutMs, refresh: true });
  };
  await Promise.all([next(), next(), next(), next()]);
}

/** Caches keys that were just fetched. */
export function cacheKeys(issuer: string, keys: PublicKeySet): void {
  const now = Date.now();
  cache.set(issuer, { keys, fetchedAt: now, requestedAt: now, fetching: null });
}

/**
 * Fetches an issuer's public keys by OpenID Connect Discovery, over guarded connections. Throws
 * `IssuerUnusable`.
 */
export async function fetchKeys(issuer: string): Promise<PublicKeySet> {
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = discoverySchema.safeParse(await get(url, "no_discovery"));
  if (!document.success) throw new IssuerUnusable("no_discovery");
  if (document.data.issuer !== issuer) throw new IssuerUnusable("other_issuer");
  const keysUrl = new URL(document.data.jwks_uri);
  if (keysUrl.protocol !== url.protocol) throw new IssuerUnusable("no_keys");
  const answer = keySetSchema.safeParse(await get(keysUrl, "no_keys"));
  // An issuer may also publish keys for other purposes.
  const keys = (answer.data?.keys ?? []).map(parsePublicKey).filter((key) => key !== null);
  if (keys.length === 0) throw new IssuerUnusable("no_keys");
  return { keys };
}

function parsePublicKey(key: unknown): PublicKey | null {
  const parsed = publicKey.safeParse(key);
  return parsed.success ? parsed.data : null;
}

/**
 * Fetches JSON of limited size. It follows no redirect and does not decompress, because a small answer could
 * expand a thousandfold. It counts failures in the metrics: the sender of a token never learns of them.
 */
async function get(url: URL, fallback: IssuerProblem): Promise<unknown> {
  issuerRequests.inc({ outcome: "sent" });
  let dispatcher: Dispatcher | undefined;
  try {
    const { Agent, request } = await loadUndici();
    dispatcher = new Agent({ connect: guardedConnect(url), maxResponseSize: maxAnswerBytes });
    const signal = AbortSignal.timeout(timeoutMs);
    const { statusCode, body } = await request(url, { method: "GET", dispatcher, signal });
    const text = await body.text();
    if (statusCode !== 200) throw new IssuerUnusable(fallback);
    issuerRequests.inc({ outcome: "answered" });
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof IssuerUnusable ? error : new IssuerUnusable(problemOf(error) ?? fallback);
  } finally {
    await dispatcher?.close();
  }
}

const problemsByCode: readonly [RegExp, IssuerProblem][] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_NONAME)$/, "name_not_found"],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ECONNRESET)$/, "unreachable"],
  [/TIMEOUT|ETIMEDOUT/, "timed_out"],
  [/CERT|TLS|SSL|ISSUER|ALTNAME|LEAF|SIGNATURE/, "tls_untrusted"],
];

function problemOf(error: unknown): IssuerProblem | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AddressRefused) return "address_refused";
    if (cause.name === "TimeoutError") return "timed_out";
    const code = "code" in cause ? String(cause.code) : "";
    const problem = problemsByCode.find(([codes]) => codes.test(code));
    if (problem) return problem[1];
  }
  return undefined;
}
