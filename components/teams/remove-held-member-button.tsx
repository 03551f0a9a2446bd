"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { removeMemberAction } from "@/lib/teams/actions";
import { type Member, roleNames, type TeamDetail } from "@/lib/teams/schema";

export function RemoveHeldMemberButton({
  team,
  member: { userId, name, role },
}: {
  team: Pick<TeamDetail, "id" | "name">;
  member: Member;
}) {
  return (
    <ConfirmedActButton
      verb="Remove"
      name={name}
      title={`Remove ${name} from ${team.name}?`}
      act={() => removeMemberAction(team.id, { userId })}
      done={{ title: `${name} was removed` }}
    >
      Someone took over this account with single sign-on, and has not yet confirmed that they belong here as{" "}
      {roleNames[role]}. Until they do, the account has no access to the team.
    </ConfirmedActButton>
  );
}
