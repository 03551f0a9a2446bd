import "server-only";
import { hash, randomBytes } from "node:crypto";
import { restrictionOf } from "@/lib/access/restriction";
import { type Actor, grant, type Scope } from "@/lib/access/scope";
import { isFrom } from "@/lib/access/source-address";
import { createBatcher } from "@/lib/batcher";
import { statement } from "@/lib/statements";

const prefix = "svp_";

/** A new pipeline token: 256 random bits behind a prefix that secret scanners can know. Shown once, stored as its hash. */
export function newPipelineToken(): { token: string; tokenHash: string } {
  const token = `${prefix}${randomBytes(32).toString("base64url")}`;
  return { token, tokenHash: hashToken(token) };
}

type TokenRow = {
  tokenHash: string;
  id: string;
  name: string;
  fabricId: string;
  teamId: string;
  secretIds: string[];
  connectionIds: string[];
  cidrs: string[];
};

// Found by its hash through a unique index: 256 random bits need no slow hash and no constant-time compare.
const findTokens = statement<TokenRow>(
  "find-tokens",
  `SELECT t."tokenHash", t.id, t.name, t."fabricId", f."teamId", coalesce(t."secretIds", '{}') AS "secretIds",
     coalesce(t."connectionIds", '{}') AS "connectionIds", coalesce(t.cidrs, '{}') AS cidrs
   FROM pipeline_token t JOIN fabric f ON f.id = t."fabricId"
   WHERE t."tokenHash" = ANY($1::text[]) AND t."revokedAt" IS NULL AND (t."expiresAt" IS NULL OR t."expiresAt" > now())`,
);

/** Tokens that arrive together are looked up together; each lookup begins after its request came, so that nothing is remembered. */
const findToken = createBatcher<string, TokenRow | undefined>(
  async (hashes) => {
    const rows = await findTokens([...new Set(hashes)]);
    const byHash = new Map(rows.map((row) => [row.tokenHash, row]));
    return hashes.map((hash) => byHash.get(hash));
  },
  { maxItems: 500, lanes: 2 },
);

/** What a token comes to: a scope; or, sent from a wrong address, whom to record as refused. */
export type PipelineAnswer =
  | { scope: Scope<"secret:use"> }
  | { refused: { actor: Actor; teamId: string; fabricId: string } };

/**
 * The scope of a pipeline's token that came from the address `source`, or null for a token that is unknown, expired or revoked:
 * the three look alike, and so must a wrong address to whoever asks.
 */
export async function authorizePipeline(token: string, source: string): Promise<PipelineAnswer | null> {
  if (!/^svp_[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const [row] = await findToken([hashToken(token)]);
  if (!row) return null;
  const { id, name, fabricId, teamId } = row;
  const actor: Actor = { kind: "pipeline", id, name };
  if (!isFrom(source, row.cidrs)) return { refused: { actor, teamId, fabricId } };
  return { scope: grant(actor, "pipeline", { id: fabricId, teamId }, "secret:use", restrictionOf(row)) };
}

function hashToken(token: string): string {
  return hash("sha256", token, "base64url");
}
