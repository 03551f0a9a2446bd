import type { Metadata } from "next";
import { ActivityList } from "@/components/activity/activity-list";
import { WhoCan } from "@/components/fabrics/who-can";
import { AccessSection } from "@/components/teams/access-section";
import { AddMemberButton } from "@/components/teams/add-member-button";
import { InvitationTable } from "@/components/teams/invitation-table";
import { LeaveTeamButton } from "@/components/teams/leave-team-button";
import { MemberTable } from "@/components/teams/member-table";
import { Badge } from "@/components/ui/badge";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { allows } from "@/lib/access/policy";
import { listMemberAccessTokens } from "@/lib/access-tokens/queries";
import { listTeamEvents } from "@/lib/activity/account-queries";
import { webEnv } from "@/lib/env";
import { listPendingInvitations } from "@/lib/invitations/queries";
import { requireTeamScope } from "@/lib/next/require-scope";
import { listTeamIssuers, listTeamPipelineTokens } from "@/lib/pipeline-tokens/team-tokens";
import { getTeam, listMembers } from "@/lib/teams/queries";
import { memberListQuery } from "@/lib/teams/schema";

type Props = {
  params: Promise<{ teamId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

export async function generateMetadata({ params }: Pick<Props, "params">): Promise<Metadata> {
  const scope = await requireTeamScope((await params).teamId, "team:see");
  return { title: (await getTeam(scope)).name };
}

export default async function TeamPage({ params, searchParams }: Props) {
  const scope = await requireTeamScope((await params).teamId, "team:see");
  const query = memberListQuery.parse(await searchParams);
  const [team, page, invitations] = await Promise.all([
    getTeam(scope),
    listMembers(scope, query),
    listPendingInvitations(scope),
  ]);
  const isAdmin = allows(scope.role, "team:write");
  const me = scope.actor.id;
  const isLastAdmin = isAdmin && team.admins.count === 1;
  return (
    <>
      <PageHeader
        title={team.name}
        breadcrumb={[{ href: "/metadata/teams", label: "Teams" }]}
        badge={
          <Badge tone={isAdmin ? "accent" : "neutral"}>
            {isAdmin ? "Your role: Admin" : "Your role: User"}
          </Badge>
        }
        actions={
          <>
            {!isLastAdmin && <LeaveTeamButton teamId={team.id} teamName={team.name} />}
            {isAdmin && <AddMemberButton teamId={team.id} origin={new URL(webEnv().PUBLIC_URL).origin} />}
          </>
        }
      />
      <section aria-labelledby="members" className="flex flex-col gap-3">
        <h2 id="members" className="font-semibold text-lg">
          Members
        </h2>
        {!isAdmin && (
          <WhoCan
            act="can add and remove members and change their roles"
            team={team.name}
            admins={team.admins.names}
          />
        )}
        {isLastAdmin && (
          <p className="text-muted text-sm">
            You are the only Admin. To leave, make someone else an Admin first.
          </p>
        )}
        <MemberTable
          team={page.previous ? { ...team, held: [] } : team}
          members={page.members}
          me={me}
          isAdmin={isAdmin}
        />
        <Pagination
          label="Pages of members"
          previousHref={page.previous && `?${new URLSearchParams({ before: page.previous })}`}
          nextHref={page.next && `?${new URLSearchParams({ after: page.next })}`}
        />
      </section>
      {invitations.length > 0 && <InvitationTable teamId={team.id} invitations={invitations} />}
      {isAdmin && <Access teamId={team.id} />}
    </>
  );
}

async function Access({ teamId }: { teamId: string }) {
  const scope = await requireTeamScope(teamId, "access:list");
  const [accessTokens, pipelineTokens, issuers, events] = await Promise.all([
    listMemberAccessTokens(scope),
    listTeamPipelineTokens(scope),
    listTeamIssuers(scope),
    listTeamEvents(scope),
  ]);
  return (
    <>
      <AccessSection
        teamId={teamId}
        accessTokens={accessTokens}
        pipelineTokens={pipelineTokens}
        issuers={issuers}
      />
      {events.length > 0 && (
        <section aria-labelledby="activity" className="flex flex-col gap-3">
          <h2 id="activity" className="font-semibold text-lg">
            Activity
          </h2>
          <p className="text-muted text-sm">
            The latest 50 events of the team in the last 30 days, including actions that were refused to its
            members, and the latest fabrics that were deleted or destroyed. Each fabric has its own activity.
          </p>
          <ActivityList events={events} />
        </section>
      )}
    </>
  );
}
