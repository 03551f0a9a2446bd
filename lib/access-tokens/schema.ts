import { z } from "zod";
import { tokenName } from "@/lib/internal-api/bodies/pipeline-token";
import type { TokenStatus } from "@/lib/pipeline-tokens/schema";

/** How long a personal access token can live, in days. */
export const accessTokenLifetimes = {
  "7": { label: "7 days", days: 7 },
  "30": { label: "30 days", days: 30 },
  "90": { label: "90 days", days: 90 },
  "365": { label: "1 year", days: 365 },
} as const;
export type AccessTokenLifetime = keyof typeof accessTokenLifetimes;
export const accessTokenLifetimeKeys = ["7", "30", "90", "365"] as const satisfies AccessTokenLifetime[];

/**
 * How many tokens of one person work at a time. Lists that people look through for one that should end hold all of them, so that
 * nobody hides one behind many.
 */
export const maxAccessTokens = 50;

/** Generate Token. */
export const createAccessTokenInput = z.object({
  name: tokenName,
  lifetime: z.enum(accessTokenLifetimeKeys, "Choose when it expires."),
});
export type CreateAccessTokenInput = z.infer<typeof createAccessTokenInput>;

export const revokeAccessTokenInput = z.object({ accessTokenId: z.string().max(64) });

/** A token of a team's member that works: it acts with all rights of its owner, those in other teams too. */
export type MemberAccessToken = {
  id: string;
  name: string;
  ownerName: string;
  ownerRole: "user" | "admin";
  isOwnerLocked: boolean;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
};

/** A personal access token without its value, which nobody can see again. */
export type AccessTokenSummary = {
  id: string;
  name: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  /** Who revoked it, where that was not its owner. */
  revokedByName: string | null;
  status: TokenStatus;
};
