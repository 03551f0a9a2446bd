import * as z from "zod";
import type { MemberRole } from "@/lib/teams/schema";

const ids = z.array(z.string().max(64)).max(1_000);

/**
 * The parts of an account that its owner keeps, of those from before they proved that its address is theirs.
 */
export const decideReviewInput = z.object({
  keepPassword: z.boolean(),
  teamIds: ids,
  identityIds: ids,
  sessionIds: ids,
  accessTokenIds: ids,
});
export type DecideReviewInput = z.infer<typeof decideReviewInput>;

/**
 * The parts of an account from before its owner proved the address. They have no effect until the owner
 * confirms them.
 */
export type AccountReview = {
  hasPassword: boolean;
  memberships: { teamId: string; teamName: string; role: MemberRole; since: Date }[];
  /** The single sign-on identities that could open the account. */
  identities: { id: string; issuer: string; createdAt: Date }[];
  sessions: { id: string; createdAt: Date; lastSeenAt: Date }[];
  accessTokens: { id: string; name: string; createdAt: Date; lastUsedAt: Date | null }[];
};
