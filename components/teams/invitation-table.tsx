import { RoleBadge } from "@/components/teams/role-badge";
import { WithdrawInvitationButton } from "@/components/teams/withdraw-invitation-button";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { PendingInvitation } from "@/lib/invitations/schema";

export function InvitationTable({
  teamId,
  invitations,
}: {
  teamId: string;
  invitations: PendingInvitation[];
}) {
  return (
    <section aria-labelledby="invitations" className="flex flex-col gap-3">
      <h2 id="invitations" className="font-semibold text-lg">
        Pending invitations
      </h2>
      <Table label="Pending invitations">
        <THead>
          <Th>E-mail</Th>
          <Th width="w-28">Role</Th>
          <Th width="w-[22%]">Invited by</Th>
          <Th width="w-36">Expires</Th>
          <Th width="w-36" srOnly>
            Actions
          </Th>
        </THead>
        <TBody>
          {invitations.map(({ id, email, role, invitedBy, expiresAt }) => (
            <Tr key={id}>
              <Td isMain>{email}</Td>
              <Td label="Role">
                <RoleBadge role={role} />
              </Td>
              <Td label="Invited by">{invitedBy}</Td>
              <Td label="Expires">
                <RelativeTime date={expiresAt} />
              </Td>
              <Td align="right" isFoot>
                <WithdrawInvitationButton teamId={teamId} invitationId={id} email={email} />
              </Td>
            </Tr>
          ))}
        </TBody>
      </Table>
    </section>
  );
}
