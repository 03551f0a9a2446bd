import { decodeJwt } from "jose";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";

/** When a token was created, and when it expires; null for one that never does. */
export type TokenLifetime = { createdAt: Date; expiresAt: Date | null };

/** True when a credential has the form of a workload's token: a JWS in compact form (RFC 7515 §7.1). */
export function isWorkloadToken(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/** Reads the times of a token that `requirePipeline` has authenticated as this scope. */
export async function lifetimeOf({ actor }: Scope<"secret:use">, token: string): Promise<TokenLifetime> {
  if (isWorkloadToken(token)) {
    const { iat, exp } = decodeJwt(token);
    return { createdAt: dateOf(iat) ?? new Date(), expiresAt: dateOf(exp) };
  }
  const row = await db.pipelineToken.findUnique({
    where: { id: actor.id },
    select: { createdAt: true, expiresAt: true },
  });
  return row ?? { createdAt: new Date(), expiresAt: null };
}

function dateOf(seconds: number | undefined): Date | null {
  return seconds === undefined ? null : new Date(seconds * 1000);
}
