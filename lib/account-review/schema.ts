import { z } from "zod";
import type { MemberRole } from "@/lib/teams/schema";

const ids = z.array(z.string().max(64)).max(1_000);

/** What the owner of an account keeps of what it had before they proved that its address is theirs. */
export const decideReviewInput = z.object({
  keepPassword: z.boolean(),
  teamIds: ids,
  identityIds: ids,
  sessionIds: ids,
  accessTokenIds: ids,
});
export type DecideReviewInput = z.infer<typeof decideReviewInput>;

/** What an account had before its owner came. None of it has an effect until they confirm it. */
export type AccountReview = {
  hasPassword: boolean;
  memberships: { teamId: string; teamName: string; role: MemberRole; since: Date }[];
  /** By which single sign-on the account was opened before. */
  identities: { id: string; issuer: string; createdAt: Date }[];
  sessions: { id: string; createdAt: Date; lastSeenAt: Date }[];
  accessTokens: { id: string; name: string; createdAt: Date; lastUsedAt: Date | null }[];
};
