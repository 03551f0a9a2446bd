import { createHash } from "node:crypto";
import { CheckFailure } from "@/automate/checks/define";
import { type BoughtToken, buyToken } from "@/automate/checks/oauth-token";
import type { UsableSecret } from "@/automate/current-secret";
import type { FabricKeys } from "@/automate/fabric-keys";
import { AddressRefused, guardedConnect } from "@/automate/guarded-connect";
import { openSecrets } from "@/automate/open-secret";
import type { Caller } from "@/automate/read-secret";
import { Refusal } from "@/automate/refusal";
import { claimSignIns, type SignIn } from "@/automate/sign-in-budget";
import { recordTogether } from "@/lib/audit/record-together";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";

const patienceMs = 10_000;
/** How long a token is believed whose server does not say. */
const defaultSeconds = 60;
const mostKept = 10_000;

/** A bearer token of an M2M OAuth secret. */
export type M2mToken = { accessToken: string; expiresInSeconds: number; version: number };

type Kept = { token: string; expiresAt: number; renewAt: number };

/**
 * Hands out bearer tokens of M2M OAuth secrets. One is kept in memory until shortly before it expires, for the version that it
 * was bought with, and bought once however many ask; the client secret goes to its Auth URL and nowhere else. Each hand-out is
 * on record before it leaves.
 */
export function createM2mTokens(keys: FabricKeys) {
  const kept = new Map<string, Kept>();
  const buying = new Map<string, Promise<Kept>>();

  /** `rejected` is a token that an API answered with 401: if it is still the one that is kept, another is bought, once. */
  return async (caller: Caller, secret: UsableSecret, rejected?: string): Promise<M2mToken> => {
    if (secret.subKind !== "m2m_oauth")
      throw new Refusal(409, "wrong_type", "Only a secret of the type M2M OAuth gives tokens.");
    const key = `${secret.id}.${secret.version}`;
    if (kept.get(key)?.token === rejected && rejected !== undefined) kept.delete(key);
    const { actor, teamId, fabricId } = caller.scope;
    await recordTogether({
      actor,
      teamId,
      fabricId,
      action: "secret.token",
      object: { kind: "secret", id: secret.id, name: secret.name },
      details: { version: secret.version, name: secret.askedAs, source: caller.source },
    });
    const { token, expiresAt } = fresh(kept.get(key)) ?? (await buyOnce(key, caller, secret));
    const expiresInSeconds = Math.max(0, Math.floor((expiresAt - Date.now()) / 1000));
    return { accessToken: token, expiresInSeconds, version: secret.version };
  };

  function buyOnce(key: string, caller: Caller, secret: UsableSecret): Promise<Kept> {
    const known = buying.get(key);
    if (known) return known;
    const bought = buy(keys, caller, secret)
      .then((token) => {
        for (const [id, one] of kept) if (kept.size >= mostKept || !fresh(one)) kept.delete(id);
        kept.set(key, token);
        return token;
      })
      .finally(() => buying.delete(key));
    buying.set(key, bought);
    return bought;
  }
}
export type M2mTokens = ReturnType<typeof createM2mTokens>;

function fresh(one: Kept | undefined): Kept | undefined {
  return one && Date.now() < one.renewAt ? one : undefined;
}

async function buy(keys: FabricKeys, { scope, source }: Caller, secret: UsableSecret): Promise<Kept> {
  const signal = AbortSignal.timeout(patienceMs);
  const claimed = await claimSignIns(scope.fabricId, [signInOf(secret)], signal);
  if (claimed.state === "busy") throw refused("busy");
  if (claimed.state === "paused") throw refused("sign_in_paused", claimed.until);
  const startedAt = Date.now();
  try {
    const [opened = {}] = await openSecrets(keys, { for: "token", scope, source }, [
      { secret, fields: Object.keys(secret.manifest), destinations: [] },
    ]);
    const text = (field: string) => opened[field]?.revealText() ?? "";
    const [authUrl, requested] = [text("authUrl"), text("scope")];
    const client = { clientId: text("clientId"), clientSecret: text("clientSecret"), authUrl };
    const bought = await buyToken(
      { ...client, ...(requested ? { scope: requested } : {}) },
      { connect: guardedConnect(new URL(authUrl).hostname), signal },
    );
    await claimed.claim.settle({ type: "result", ok: true, ms: Date.now() - startedAt });
    return keptOf(bought);
  } catch (error) {
    const code = codeOf(error);
    const ms = Date.now() - startedAt;
    await claimed.claim.settle({ type: "result", ok: false, code, step: "sign_in", ms });
    throw refused(code);
  }
}

/** Renewed a minute before its end, or when nine tenths of a shorter life are over. */
function keptOf({ accessToken, expiresInSeconds = defaultSeconds }: BoughtToken): Kept {
  const lifeMs = expiresInSeconds * 1000;
  const expiresAt = Date.now() + lifeMs;
  return { token: accessToken, expiresAt, renewAt: expiresAt - Math.min(60_000, lifeMs / 10) };
}

/** What refused sign-ins are counted by, as for a check: the place, and the version that was tried there. */
function signInOf({ id, version, facts: { authHost = "" } }: UsableSecret): SignIn {
  const place = `oauth-token://${authHost}`;
  const key = createHash("sha256")
    .update(JSON.stringify([place, "m2m", [`${id}.${version}`]]))
    .digest("base64url");
  return { key, place, secretIds: [id], field: "oauthClient" };
}

/** Of the same closed list as a check's findings: what a server or a library says goes no further. */
function codeOf(error: unknown): CheckCode {
  if (error instanceof CheckFailure) return error.code;
  const causes = [error, error instanceof Error ? error.cause : undefined];
  if (causes.some((one) => one instanceof AddressRefused)) return "address_refused";
  if (error instanceof Error && ["TimeoutError", "AbortError"].includes(error.name)) return "timed_out";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return "connection_refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "name_not_found";
  return typeof code === "string" && /CERT|TLS|SSL|ISSUER|ALTNAME/.test(code)
    ? "tls_untrusted"
    : "unreachable";
}

function refused(code: CheckCode, until?: Date): Refusal {
  const { title, advice } = checkTexts[code];
  const retryAfterSeconds = until && Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000));
  const message = `No token was issued. ${title} ${advice}`;
  return retryAfterSeconds === undefined
    ? new Refusal(code === "busy" ? 503 : 502, code, message)
    : new Refusal(429, code, message, { retryAfterSeconds });
}
