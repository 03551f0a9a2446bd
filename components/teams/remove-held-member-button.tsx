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
      Somebody signed in with single sign-on and took over this account. They have not yet confirmed that it
      belongs here as {roleNames[role]}. Until then it has no access to the team.
    </ConfirmedActButton>
  );
}
