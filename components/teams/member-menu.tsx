"use client";

import { Ellipsis, ShieldCheck, User, UserMinus } from "lucide-react";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { IconButton } from "@/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { changeRoleAction, removeMemberAction } from "@/lib/teams/actions";
import { type Member, otherRole, roleLabels, roleNames, type TeamDetail } from "@/lib/teams/schema";

const icons = { admin: ShieldCheck, user: User };
const consequences = {
  admin: "Admins can manage members, fabrics, pipeline tokens and destinations, and delete any secret.",
  user: "Users can use and edit secrets and connections. Only Admins manage members, tokens and destinations.",
};

export function MemberMenu({
  team,
  member,
  isMe = false,
}: {
  team: Pick<TeamDetail, "id" | "name">;
  member: Member;
  isMe?: boolean;
}) {
  const change = useDialog();
  const remove = useDialog();
  const toast = useToast();
  const { userId, name } = member;
  const role = otherRole[member.role];
  const [Icon, consequence] = [icons[role], consequences[role]];

  return (
    <>
      <Menu trigger={<IconButton label={`Actions for ${name}`} icon={<Ellipsis aria-hidden />} />}>
        <MenuItem icon={<Icon aria-hidden />} onClick={change.open}>
          Make {roleLabels[role]}
        </MenuItem>
        {!isMe && (
          <>
            <MenuSeparator />
            <MenuItem icon={<UserMinus aria-hidden />} tone="danger" onClick={remove.open}>
              Remove from team
            </MenuItem>
          </>
        )}
      </Menu>
      <ConfirmedActDialog
        dialog={change}
        title={`Make ${name} ${roleLabels[role]}?`}
        confirmLabel={`Make ${roleNames[role]}`}
        act={() => changeRoleAction(team.id, { userId, role })}
        onDone={() => toast(`${name} is now ${roleNames[role]}`)}
      >
        {consequence}
      </ConfirmedActDialog>
      <ConfirmedActDialog
        dialog={remove}
        title={`Remove ${name} from ${team.name}?`}
        confirmLabel="Remove"
        tone="danger"
        act={() => removeMemberAction(team.id, { userId })}
        onDone={() => toast(`${name} was removed`)}
      >
        Access to the team’s fabrics ends immediately. Everything that they created stays, and reminders about
        what they own go to the Admins. Their pipeline tokens stay valid until an Admin revokes them, under
        Access on this page.
      </ConfirmedActDialog>
    </>
  );
}
