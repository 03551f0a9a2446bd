import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { type Bought, buyM2mToken, type TokenPurpose } from "@/automate/runtime-api/bought-token";
import type { Caller } from "@/automate/secrets/read-secret";
import { noteRead } from "@/automate/secrets/readers";
import { requireDestinations } from "@/automate/secrets/require-destinations";
import { findTokenDestinations, type TokenAuthority } from "@/automate/secrets/token-destinations";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { tokenServerOf } from "@/lib/connectors/secret-destinations";
import { secretKinds } from "@/lib/secrets/kinds/registry";

const maxCached = 10_000;

/** A bearer token of an M2M OAuth secret. */
export type M2mToken = { accessToken: string; expiresInSeconds: number; version: number };

/**
 * A token that replaced a rejected one is not replaced again within this time: the API would probably reject
 * the next one too.
 */
const minReplacementIntervalMs = 60_000;

type CachedToken = Bought & { replacedAt?: number };

/**
 * Returns bearer tokens of M2M OAuth secrets.
 *
 * A token is cached in memory, for one version of its secret, until shortly before it expires. Concurrent
 * requests share one purchase. The client secret goes only to its Auth URL. Automate records a purchase before it
 * opens the secret, and each token that it hands out before it sends it.
 */
export function createM2mTokens(keys: FabricKeys) {
  const cache = new Map<string, CachedToken>();
  const buying = new Map<string, Promise<CachedToken>>();

  /**
   * `rejected` is a token that an API answered with 401. If it is the cached one, automate buys another, at
   * most once a minute.
   */
  return async (caller: Caller, secret: UsableSecret, rejected?: string): Promise<M2mToken> => {
    if (!secretKinds[secret.subKind].givesTokens) {
      await recordBatched(eventOf(caller, secret, "secret.refuse", { code: "wrong_type" }));
      throw new Refusal(409, "wrong_type", "Only secrets of type M2M OAuth issue tokens.");
    }
    const { purpose, authorities } = await purposeOf(caller, secret);
    // Required for cached tokens too: removing the token server's destination must stop its tokens.
    await requireDestinations(purpose);
    const [{ destinations }] = purpose.openings;
    // A token bought under a destination that was removed since is not handed out, nor one that was bought
    // before the fabric was deleted and restored.
    const key = JSON.stringify([secret.id, secret.version, caller.scope.accessEpoch, destinations]);
    const cached = ifFresh(cache.get(key));
    const isReplaced = cached !== undefined && cached.token === rejected && mayReplace(cached);
    if (isReplaced) cache.delete(key);
    const { token, expiresAt } =
      isReplaced || !cached ? await buyOnce(key, purpose, authorities, isReplaced) : cached;
    // A purchase that failed is on record as a use of the secret, before it. Nobody got a token from it.
    await recordBatched(
      eventOf(caller, secret, "secret.token", {
        version: secret.version,
        name: secret.requestedName,
        destination: destinations,
      }),
    );
    noteRead(caller.scope, secret);
    const expiresInSeconds = Math.max(0, Math.floor((expiresAt - Date.now()) / 1000));
    return { accessToken: token, expiresInSeconds, version: secret.version };
  };

  function buyOnce(
    key: string,
    purpose: TokenPurpose,
    authorities: readonly TokenAuthority[],
    isReplacement: boolean,
  ): Promise<CachedToken> {
    const running = buying.get(key);
    if (running) return running;
    const bought = buyM2mToken(keys, purpose, authorities)
      .then((token) => {
        for (const [id, one] of cache) if (cache.size >= maxCached || !ifFresh(one)) cache.delete(id);
        cache.set(key, isReplacement ? { ...token, replacedAt: Date.now() } : token);
        return token;
      })
      .finally(() => buying.delete(key));
    buying.set(key, bought);
    return bought;
  }
}

async function purposeOf(
  { scope, source }: Caller,
  secret: UsableSecret,
): Promise<{ purpose: TokenPurpose; authorities: readonly TokenAuthority[] }> {
  const server = tokenServerOf(secret.metadata);
  if (server === null)
    throw new Refusal(
      409,
      "misconfigured",
      `The Auth URL of secret “${secret.name}” is not a valid URL. Replace it.`,
    );
  const { destinations, authorities } = await findTokenDestinations(secret, server);
  const openings = [{ secret, fields: Object.keys(secret.manifest), destinations }] as const;
  return { purpose: { for: "token", scope, source, openings }, authorities };
}

function eventOf(
  { scope: { actor, teamId, fabricId }, source }: Caller,
  { id, name }: UsableSecret,
  action: "secret.token" | "secret.refuse",
  details: object,
): AuditEntry {
  const object = { kind: "secret", id, name } as const;
  return { actor, teamId, fabricId, action, object, details: { ...details, source } };
}

function ifFresh(one: CachedToken | undefined): CachedToken | undefined {
  return one && Date.now() < one.renewAt ? one : undefined;
}

function mayReplace({ replacedAt = 0 }: CachedToken): boolean {
  return Date.now() >= replacedAt + minReplacementIntervalMs;
}
