import { RoleBadge } from "@/components/teams/role-badge";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { TeamSummary } from "@/lib/teams/schema";

export function TeamTable({ teams }: { teams: TeamSummary[] }) {
  return (
    <Table label="Teams">
      <THead>
        <Th>Name</Th>
        <Th width="w-40">Your role</Th>
        <Th width="w-32">Members</Th>
        <Th width="w-32">Fabrics</Th>
      </THead>
      <TBody>
        {teams.map(({ id, name, role, members, fabrics }) => (
          <Tr key={id}>
            <Td isMain>
              <RowLink href={`/metadata/teams/${id}`} name={name} />
            </Td>
            <Td label="Your role">
              <RoleBadge role={role} />
            </Td>
            <Td label="Members">{members}</Td>
            <Td label="Fabrics">{fabrics}</Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
