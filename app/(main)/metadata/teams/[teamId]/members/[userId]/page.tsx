import { activityHref } from "@/components/activity/activity-href";
import { CreatedThingsSection } from "@/components/members/created-things";
import { RoleBadge } from "@/components/teams/role-badge";
import { Link } from "@/components/ui/link";
import { PageHeader } from "@/components/ui/page-header";
import { RelativeTime } from "@/components/ui/relative-time";
import { getMember } from "@/lib/members/queries";
import { notFoundPage, requireTeamScope } from "@/lib/next/require-scope";
import { getTeam } from "@/lib/teams/queries";

export const metadata = { title: "Member" };

export default async function MemberPage({
  params,
}: {
  params: Promise<{ teamId: string; userId: string }>;
}) {
  const { teamId, userId } = await params;
  const scope = await requireTeamScope(teamId, "team:see");
  const [team, member] = await Promise.all([getTeam(scope), getMember(scope, userId).catch(notFoundPage)]);
  const { name, email, role, since, secrets, connections, pipelineTokens, usedSecrets, fabrics } = member;
  return (
    <>
      <PageHeader
        title={name}
        breadcrumb={[
          { href: "/metadata/teams", label: "Teams" },
          { href: `/metadata/teams/${teamId}`, label: team.name },
        ]}
        badge={<RoleBadge role={role} />}
        description={
          <>
            {email}, member since <RelativeTime date={since} />
          </>
        }
      />
      <CreatedThingsSection
        id="secrets"
        title="Secrets they created"
        noun="secret"
        folder="secrets"
        things={secrets}
        showsUse
      />
      <CreatedThingsSection
        id="connections"
        title="Connections they created"
        noun="connection"
        folder="connections"
        things={connections}
      />
      <CreatedThingsSection
        id="used-secrets"
        title="Secrets that these connections use"
        noun="secret"
        folder="secrets"
        things={usedSecrets}
        showsUse
      />
      <CreatedThingsSection
        id="pipeline-tokens"
        title="Pipeline tokens they created"
        noun="pipeline token"
        folder="pipelines"
        things={pipelineTokens}
        showsUse
      />
      {fabrics.length > 0 && (
        <section aria-labelledby="activity" className="flex flex-col gap-3">
          <h2 id="activity" className="font-semibold text-lg">
            Activity
          </h2>
          <p className="text-muted">What {name} did, and the secrets that they used in checks, by fabric:</p>
          <ul className="flex flex-wrap gap-x-5 gap-y-2">
            {fabrics.map((fabric) => (
              <li key={fabric.id}>
                <Link
                  href={activityHref(fabric.id, { actor: userId })}
                  className="rounded-sm font-medium text-accent-text hover:underline"
                >
                  {fabric.name}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
