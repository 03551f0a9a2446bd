import { z } from "zod";

/** How long a pipeline token can live, in days. */
export const tokenLifetimes = {
  "30": { label: "30 days", days: 30 },
  "90": { label: "90 days", days: 90 },
  "365": { label: "1 year", days: 365 },
  never: { label: "Never", days: null },
} as const;
export type TokenLifetime = keyof typeof tokenLifetimes;
export const tokenLifetimeKeys = ["30", "90", "365", "never"] as const satisfies TokenLifetime[];

/** Create token. */
export const createTokenInput = z.object({
  name: z
    .string()
    .trim()
    .min(1, "Name is empty.")
    .max(128, "Name is longer than 128 characters.")
    .regex(/^\P{Cc}*$/u, "Name holds a character that cannot be shown."),
  lifetime: z.enum(tokenLifetimeKeys, "Choose when it expires."),
});
export type CreateTokenInput = z.infer<typeof createTokenInput>;

export const revokeTokenInput = z.object({ tokenId: z.string().max(64) });

/** A pipeline token without its value, which nobody can see again. */
export type TokenSummary = {
  id: string;
  name: string;
  createdAt: Date;
  createdByName: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  status: TokenStatus;
};

/** What is shown once: the token, and where a pipeline sends it. */
export type NewToken = { id: string; token: string };

/** Whether a token still works. */
export type TokenStatus = "active" | "expired" | "revoked";

/** The status of a pipeline's or a person's token at `now`. */
export function tokenStatus(
  { expiresAt, revokedAt }: { expiresAt: Date | null; revokedAt: Date | null },
  now: Date,
): TokenStatus {
  if (revokedAt) return "revoked";
  return expiresAt && expiresAt <= now ? "expired" : "active";
}
