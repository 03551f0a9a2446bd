import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { grant, type Scope } from "@/lib/access/scope";
import { createBatcher } from "@/lib/batcher";
import { statement } from "@/lib/statements";

const prefix = "svp_";

/** A new pipeline token: 256 random bits behind a prefix that secret scanners can know. Shown once, stored as its hash. */
export function newPipelineToken(): { token: string; tokenHash: string } {
  const token = `${prefix}${randomBytes(32).toString("base64url")}`;
  return { token, tokenHash: hashToken(token) };
}

type TokenRow = { tokenHash: string; id: string; name: string; fabricId: string; teamId: string };

// Found by its hash through a unique index: 256 random bits need no slow hash and no constant-time compare.
const findTokens = statement<TokenRow>(
  "find-tokens",
  `SELECT t."tokenHash", t.id, t.name, t."fabricId", f."teamId"
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

/** The scope of a pipeline's token, or null for one that is unknown, expired or revoked: the three look alike. */
export async function authorizePipeline(token: string): Promise<Scope<"secret:use"> | null> {
  if (!/^svp_[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const [row] = await findToken([hashToken(token)]);
  if (!row) return null;
  const { id, name, fabricId, teamId } = row;
  return grant({ kind: "pipeline", id, name }, "pipeline", { id: fabricId, teamId }, "secret:use");
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
