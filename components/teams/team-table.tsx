import Link from "next/link";
import { RoleBadge } from "@/components/teams/role-badge";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { TeamSummary } from "@/lib/teams/schema";

export function TeamTable({ teams }: { teams: TeamSummary[] }) {
  return (
    <Table label="Teams">
      <THead>
        <Th>Name</Th>
        <Th>Your role</Th>
        <Th>Members</Th>
        <Th>Fabrics</Th>
      </THead>
      <TBody>
        {teams.map(({ id, name, role, members, fabrics }) => (
          <Tr key={id}>
            <Td isMain>
              <Link
                href={`/metadata/teams/${id}`}
                className="rounded-sm hover:text-accent-text hover:underline"
              >
                {name}
              </Link>
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
