"use server";

import { invite, joinAsNewPerson, joinTeam, withdrawInvitation } from "@/lib/invitations/mutations";
import { inviteInput, joinAsNewPersonInput, joinInput, withdrawInput } from "@/lib/invitations/schema";
import { ownAction, teamAction } from "@/lib/next/action";
import { publicAction } from "@/lib/next/public-action";

export const inviteAction = teamAction({ permission: "team:write", input: inviteInput, run: invite });
export const withdrawInvitationAction = teamAction({
  permission: "team:write",
  input: withdrawInput,
  run: withdrawInvitation,
});
export const joinTeamAction = ownAction({ input: joinInput, run: joinTeam });
export const joinAsNewPersonAction = publicAction({ input: joinAsNewPersonInput, run: joinAsNewPerson });
