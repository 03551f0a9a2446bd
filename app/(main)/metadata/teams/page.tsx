import { Users } from "lucide-react";
import type { Metadata } from "next";
import { TeamTable } from "@/components/teams/team-table";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/next/require-scope";
import { listTeams } from "@/lib/teams/queries";

export const metadata: Metadata = { title: "Teams" };

export default async function TeamsPage() {
  const teams = await listTeams(await requireActor());
  return (
    <>
      <PageHeader
        title="Teams"
        description="Members of a team use the secrets of its fabrics. Admins manage the members."
      />
      {teams.length > 0 ? (
        <TeamTable teams={teams} />
      ) : (
        <EmptyState icon={<Users />} title="No teams yet">
          Ask a team’s Admin for an invitation link. An operator of Selvage creates new teams.
        </EmptyState>
      )}
    </>
  );
}
