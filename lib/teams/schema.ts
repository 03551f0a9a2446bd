import * as z from "zod";

const id = z.string().max(64);

/** A member's role in a team. */
export const memberRole = z.enum(["user", "admin"]);
export type MemberRole = z.infer<typeof memberRole>;

/** A team's name. */
export const teamName = z
  .string()
  .trim()
  .min(1, "Enter a name.")
  .max(100, "Use at most 100 characters.")
  .regex(/^\P{Cc}*$/u, "Name contains a character that cannot be displayed.");

export const changeRoleInput = z.object({ userId: id, role: memberRole });
export const removeMemberInput = z.object({ userId: id });
export const leaveTeamInput = z.object({});

/** The name of a role on screens. */
export const roleNames: Record<MemberRole, string> = { user: "User", admin: "Admin" };

/** A role within a sentence. */
export const roleLabels: Record<MemberRole, string> = { user: "a User", admin: "an Admin" };

/** The role that a member can switch to. */
export const otherRole: Record<MemberRole, MemberRole> = { user: "admin", admin: "user" };

export type TeamSummary = { id: string; name: string; role: MemberRole; members: number; fabrics: number };

export type Member = { userId: string; name: string; email: string; role: MemberRole; since: Date };

export type TeamDetail = {
  id: string;
  name: string;
  /** The number of Admins, and the names of the first. */
  admins: { count: number; names: string[] };
  /** Memberships without effect, which the account's owner has not confirmed yet: the newest. Only for Admins. */
  held: Member[];
};

/** The page of a team's members, from the URL. */
export const memberListQuery = z.object({
  after: z.string().max(2048).optional().catch(undefined),
  before: z.string().max(2048).optional().catch(undefined),
});
export type MemberListQuery = z.infer<typeof memberListQuery>;

/** One page of members. A cursor is null when no further page exists. */
export type MemberPage = { members: Member[]; next: string | null; previous: string | null };
