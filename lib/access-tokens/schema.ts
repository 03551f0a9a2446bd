import * as z from "zod";
import { tokenName } from "@/lib/internal-api/bodies/pipeline-token";
import type { TokenStatus } from "@/lib/pipeline-tokens/schema";

/** The lifetimes of a personal access token, in days. */
export const accessTokenLifetimes = {
  "7": { label: "7 days", days: 7 },
  "30": { label: "30 days", days: 30 },
  "90": { label: "90 days", days: 90 },
  "365": { label: "1 year", days: 365 },
} as const;
export type AccessTokenLifetime = keyof typeof accessTokenLifetimes;
export const accessTokenLifetimeKeys = ["7", "30", "90", "365"] as const satisfies AccessTokenLifetime[];

/** The input of the dialog that creates an access token. */
export const createAccessTokenInput = z.object({
  name: tokenName,
  lifetime: z.enum(accessTokenLifetimeKeys, "Choose when it expires."),
});
export type CreateAccessTokenInput = z.infer<typeof createAccessTokenInput>;

export const revokeAccessTokenInput = z.object({ accessTokenId: z.string().max(64) });

/** A working token of a team's member. It has all rights of its owner, in other teams too. */
export type MemberAccessToken = {
  id: string;
  name: string;
  ownerName: string;
  ownerRole: "user" | "admin";
  isOwnerLocked: boolean;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
};

/** A personal access token without its value, which cannot be shown again. */
export type AccessTokenSummary = {
  id: string;
  name: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  /** The Admin who revoked it; null if that was its owner. */
  revokedByName: string | null;
  status: TokenStatus;
};
