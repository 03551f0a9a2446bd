"use client";

import { Ellipsis, ShieldCheck, User, UserMinus } from "lucide-react";
import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { IconButton } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
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
  const { protect, dialog } = useReauthenticate();
  const [error, setError] = useState<string | null>(null);
  const toast = useToast();
  const { userId, name } = member;
  const role = otherRole[member.role];
  const [Icon, consequence] = [icons[role], consequences[role]];

  async function run(act: () => ReturnType<typeof changeRoleAction>, close: () => void, done: string) {
    setError(null);
    const result = await protect(act)().catch(() => null);
    if (result?.ok) {
      close();
      toast(done);
    } else if (result?.code !== "reauthenticate") setError(errorText(result?.code ?? "outcome_unknown"));
  }

  const open = (show: () => void) => () => {
    setError(null);
    show();
  };

  return (
    <>
      <Menu trigger={<IconButton label={`Actions for ${name}`} icon={<Ellipsis aria-hidden />} />}>
        <MenuItem icon={<Icon aria-hidden />} onClick={open(change.open)}>
          Make {roleLabels[role]}
        </MenuItem>
        {!isMe && (
          <>
            <MenuSeparator />
            <MenuItem icon={<UserMinus aria-hidden />} tone="danger" onClick={open(remove.open)}>
              Remove from team
            </MenuItem>
          </>
        )}
      </Menu>
      <ConfirmDialog
        isOpen={change.isOpen}
        onClose={change.close}
        title={`Make ${name} ${roleLabels[role]}?`}
        confirmLabel={`Make ${roleNames[role]}`}
        error={error}
        onConfirm={() =>
          run(
            () => changeRoleAction(team.id, { userId, role }),
            change.close,
            `${name} is now ${roleNames[role]}`,
          )
        }
      >
        {consequence}
        {dialog}
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={remove.isOpen}
        onClose={remove.close}
        title={`Remove ${name} from ${team.name}?`}
        confirmLabel="Remove"
        tone="danger"
        error={error}
        onConfirm={() =>
          run(() => removeMemberAction(team.id, { userId }), remove.close, `${name} was removed`)
        }
      >
        Access to the team’s fabrics ends immediately. Everything that they created stays. Their pipeline
        tokens stay valid until an Admin revokes them, under Access on this page.
        {dialog}
      </ConfirmDialog>
    </>
  );
}
