import * as z from "zod";
import { memberRole } from "@/lib/teams/schema";
import { email, newPassword, personName } from "@/lib/users/schema";

/** How many days an invitation's link works. */
export const invitationDays = 7;

/** The secret part of an invitation's link: 32 random bytes. */
export const invitationToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export const inviteInput = z.object({ email, role: memberRole });
export type InviteInput = z.infer<typeof inviteInput>;

export const withdrawInput = z.object({ invitationId: z.string().max(64) });
export const joinInput = z.object({ token: invitationToken });

/** The input of a new person. */
export const newPersonInput = z.object({ name: personName, password: newPassword });
export type NewPersonInput = z.infer<typeof newPersonInput>;

export const joinAsNewPersonInput = newPersonInput.extend({ token: invitationToken });

/** An open invitation as a team's Admins see it. Excludes the link, which is shown only once. */
export type PendingInvitation = {
  id: string;
  email: string;
  role: "user" | "admin";
  invitedBy: string;
  expiresAt: Date;
};

/** An invitation as the holder of its link sees it. */
export type InvitationOffer = {
  id: string;
  email: string;
  role: "user" | "admin";
  teamId: string;
  teamName: string;
  invitedBy: string;
};
