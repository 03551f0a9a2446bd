import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { grant, type Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";

const prefix = "svp_";

/** A new pipeline token: 256 random bits behind a prefix that secret scanners can know. Shown once, stored as its hash. */
export function newPipelineToken(): { token: string; tokenHash: string } {
  const token = `${prefix}${randomBytes(32).toString("base64url")}`;
  return { token, tokenHash: hashToken(token) };
}

/** The scope of a pipeline's token, or null for one that is unknown, expired or revoked: the three look alike. */
export async function authorizePipeline(token: string): Promise<Scope<"secret:use"> | null> {
  if (!/^svp_[A-Za-z0-9_-]{43}$/.test(token)) return null;
  // Found by its hash through a unique index: 256 random bits need no slow hash and no constant-time compare.
  const row = await db.pipelineToken.findUnique({
    where: {
      tokenHash: hashToken(token),
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }],
    },
    select: { id: true, name: true, fabricId: true },
  });
  const fabric =
    row && (await db.fabric.findUnique({ where: { id: row.fabricId }, select: { id: true, teamId: true } }));
  return row && fabric
    ? grant({ kind: "pipeline", id: row.id, name: row.name }, "pipeline", fabric, "secret:use")
    : null;
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
