/** The filter for access tokens and pipeline tokens that are neither revoked nor expired. */
export function activeToken(now = new Date()) {
  return { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
}
