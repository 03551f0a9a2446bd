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
        description="A team's members use the secrets of its fabrics. Its Admins decide who is a member."
      />
      {teams.length > 0 ? (
        <TeamTable teams={teams} />
      ) : (
        <EmptyState icon={<Users />} title="You are in no team yet">
          An Admin of a team can invite you by a link. An operator of Selvage creates new teams.
        </EmptyState>
      )}
    </>
  );
}
