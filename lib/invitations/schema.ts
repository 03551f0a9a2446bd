import { z } from "zod";
import { memberRole } from "@/lib/teams/schema";
import { email, newPassword, personName } from "@/lib/users/schema";

/** How long an invitation's link works. */
export const invitationDays = 7;

/** The part of the link that proves the invitation: 32 random bytes. */
export const invitationToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export const inviteInput = z.object({ email, role: memberRole });
export type InviteInput = z.infer<typeof inviteInput>;

export const withdrawInput = z.object({ invitationId: z.string().max(64) });
export const joinInput = z.object({ token: invitationToken });

/** What a person fills in who is new here. */
export const newPersonInput = z.object({ name: personName, password: newPassword });
export type NewPersonInput = z.infer<typeof newPersonInput>;

export const joinAsNewPersonInput = newPersonInput.extend({ token: invitationToken });

/** An open invitation, as a team's Admins see it. The link is not here: it was shown once. */
export type OpenInvitation = {
  id: string;
  email: string;
  role: "user" | "admin";
  invitedBy: string;
  expiresAt: Date;
};

/** An invitation, as whoever holds its link sees it. */
export type InvitationOffer = {
  id: string;
  email: string;
  role: "user" | "admin";
  teamId: string;
  teamName: string;
  invitedBy: string;
};
