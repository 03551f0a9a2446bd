"use server";

import { teamAction } from "@/lib/next/action";
import { changeRole, leaveTeam, removeMember } from "@/lib/teams/mutations";
import { changeRoleInput, leaveTeamInput, removeMemberInput } from "@/lib/teams/schema";

export const changeRoleAction = teamAction({
  permission: "team:write",
  input: changeRoleInput,
  run: changeRole,
});
export const removeMemberAction = teamAction({
  permission: "team:write",
  input: removeMemberInput,
  run: removeMember,
});
export const leaveTeamAction = teamAction({ permission: "team:see", input: leaveTeamInput, run: leaveTeam });
