import "server-only";
import { hash, randomBytes } from "node:crypto";
import { fabricState } from "@/lib/access/fabric-state";
import { type ConnectionPins, restrictionOf } from "@/lib/access/restriction";
import { grant, type Scope } from "@/lib/access/scope";
import { isFrom } from "@/lib/access/source-address";
import type { Actor } from "@/lib/actor";
import { createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";

const prefix = "svp_";

/**
 * Creates a pipeline token: 256 random bits behind a prefix that secret scanners recognize. The caller shows
 * it once and stores only the hash.
 */
export function newPipelineToken(): { token: string; tokenHash: string } {
  const token = `${prefix}${randomBytes(32).toString("base64url")}`;
  return { token, tokenHash: hashToken(token) };
}

type TokenRow = {
  n: number;
  id: string;
  name: string;
  fabricId: string;
  teamId: string;
  secretIds: string[];
  connectionIds: string[];
  pins: ConnectionPins;
  cidrs: string[];
  isRevoked: boolean;
  isExpired: boolean;
  accessEpoch: number;
  isDeleted: boolean;
};

// Looks tokens up by hash, through a unique index. With 256 random bits, a slow hash or a constant-time
// compare adds nothing.
const findTokens = preparedQuery<TokenRow>(
  `SELECT input.n::int AS n, t.id, t.name, t."fabricId", f."teamId", ${fabricState}, coalesce(t."secretIds", '{}') AS "secretIds",
     coalesce(t."connectionIds", '{}') AS "connectionIds", t.pins, coalesce(t.cidrs, '{}') AS cidrs,
     t."revokedAt" IS NOT NULL AS "isRevoked", coalesce(t."expiresAt" <= now(), false) AS "isExpired"
   FROM unnest((SELECT $1::text[])) WITH ORDINALITY AS input("tokenHash", n)
   JOIN pipeline_token t ON t."tokenHash" = input."tokenHash"
   JOIN fabric f ON f.id = t."fabricId"`,
);
const findToken = createRowLoader<string, TokenRow>((hashes) => findTokens(hashes));

/**
 * The result for a known token: a scope, or a refusal to audit. A token is refused when it is revoked,
 * expired, or sent from a wrong address.
 */
export type PipelineAnswer =
  | { scope: Scope<"secret:use"> }
  | {
      refused: {
        actor: Actor;
        teamId: string;
        fabricId: string;
        code: "revoked" | "expired" | "wrong_address";
      };
    };

/**
 * Returns the scope of a pipeline token that was sent from the address `source`, or null when no such token
 * exists.
 * The caller must answer a refused token exactly like an unknown one, so that an attacker cannot learn which
 * tokens exist.
 */
export async function authorizePipeline(token: string, source: string): Promise<PipelineAnswer | null> {
  if (!/^svp_[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const [row] = await findToken([hashToken(token)]);
  if (!row) return null;
  const { id, name, fabricId, teamId, accessEpoch, isDeleted } = row;
  const actor: Actor = { kind: "pipeline", id, name };
  const code = refusalOf(row, source);
  if (code) return { refused: { actor, teamId, fabricId, code } };
  const fabric = { id: fabricId, teamId, accessEpoch, isDeleted };
  return { scope: grant(actor, "pipeline", fabric, "secret:use", restrictionOf(row)) };
}

function refusalOf({ isRevoked, isExpired, cidrs, isDeleted }: TokenRow, source: string) {
  // The deletion of a fabric revokes its tokens, except one that was being created at that moment.
  if (isRevoked || isDeleted) return "revoked";
  if (isExpired) return "expired";
  return isFrom(source, cidrs) ? null : "wrong_address";
}

function hashToken(token: string): string {
  return hash("sha256", token, "base64url");
}
