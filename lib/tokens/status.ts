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
