import { MemberMenu } from "@/components/teams/member-menu";
import { RemoveHeldMemberButton } from "@/components/teams/remove-held-member-button";
import { RoleBadge } from "@/components/teams/role-badge";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { Member, TeamDetail } from "@/lib/teams/schema";

export function MemberTable({
  team,
  members,
  me,
  isAdmin,
}: {
  team: TeamDetail;
  members: Member[];
  me: string;
  isAdmin: boolean;
}) {
  return (
    <Table label={`Members of ${team.name}`}>
      <THead>
        <Th>Name</Th>
        <Th>E-mail</Th>
        <Th width="w-34">Role</Th>
        <Th width="w-40">Member since</Th>
        {isAdmin && (
          <Th width="w-30" srOnly>
            Actions
          </Th>
        )}
      </THead>
      <TBody>
        {team.held.map((member) => (
          <Tr key={`held ${member.userId}`}>
            <Td isMain>{member.name}</Td>
            <Td label="E-mail">{member.email}</Td>
            <Td label="Role">
              <Badge tone="warning">Not confirmed</Badge>
            </Td>
            <Td label="Member since">
              <RelativeTime date={member.since} />
            </Td>
            <Td align="right" isFoot>
              <RemoveHeldMemberButton team={team} member={member} />
            </Td>
          </Tr>
        ))}
        {members.map((member) => (
          <Tr key={member.userId}>
            <Td isMain>
              <RowLink href={`/metadata/teams/${team.id}/members/${member.userId}`} name={member.name} />
              {member.userId === me && <span className="ml-2 font-normal text-muted text-sm">you</span>}
            </Td>
            <Td label="E-mail">{member.email}</Td>
            <Td label="Role">
              <RoleBadge role={member.role} />
            </Td>
            <Td label="Member since">
              <RelativeTime date={member.since} />
            </Td>
            {isAdmin && (
              <Td align="right">
                {/* A team must keep its last Admin, so they get no menu. */}
                {(member.userId !== me || team.admins.count > 1) && (
                  <MemberMenu team={team} member={member} isMe={member.userId === me} />
                )}
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
