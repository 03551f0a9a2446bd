import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import { expiresColumn, lastUsedColumn, TokenTable } from "@/components/pipeline-tokens/token-table";
import { RevokeMemberTokenButton } from "@/components/teams/revoke-member-token-button";
import { issuerColumn, workloadsColumn } from "@/components/trusted-issuers/issuer-table";
import { RemoveIssuerButton } from "@/components/trusted-issuers/remove-issuer-button";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import type { MemberAccessToken } from "@/lib/access-tokens/schema";
import type { CreatorStatus, TeamIssuer, TeamPipelineToken } from "@/lib/pipeline-tokens/schema";
import { roleNames } from "@/lib/teams/schema";

/** For the team's Admins: every valid token in the team, and every trusted issuer. */
export function AccessSection({
  teamId,
  accessTokens,
  pipelineTokens,
  issuers,
}: {
  teamId: string;
  accessTokens: MemberAccessToken[];
  pipelineTokens: TeamPipelineToken[];
  issuers: TeamIssuer[];
}) {
  return (
    <section aria-labelledby="access" className="flex flex-col gap-3">
      <h2 id="access" className="font-semibold text-lg">
        Access
      </h2>
      <p className="text-muted text-sm">
        An access token acts as its owner, in other teams too. A pipeline token, or a workload of a trusted
        issuer, reads secrets of its fabric.
      </p>
      <h3 className="font-medium">Access tokens of members</h3>
      {accessTokens.length === 0 ? (
        <p className="text-muted text-sm">No member has an access token.</p>
      ) : (
        <MemberTokenTable teamId={teamId} tokens={accessTokens} />
      )}
      <h3 className="mt-3 font-medium">Pipeline tokens</h3>
      {pipelineTokens.length === 0 ? (
        <p className="text-muted text-sm">No fabric of this team has a pipeline token.</p>
      ) : (
        <PipelineTokenTable tokens={pipelineTokens} />
      )}
      {issuers.length > 0 && (
        <>
          <h3 className="mt-3 font-medium">Trusted issuers</h3>
          <IssuerTable issuers={issuers} />
        </>
      )}
    </section>
  );
}

function MemberTokenTable({ teamId, tokens }: { teamId: string; tokens: MemberAccessToken[] }) {
  return (
    <TokenTable
      label="Access tokens of members"
      tokens={tokens}
      columns={[
        {
          title: "Member",
          cell: ({ ownerName, ownerRole, isOwnerLocked }) => (
            <>
              {ownerName}{" "}
              <Badge tone={ownerRole === "admin" ? "accent" : "neutral"}>{roleNames[ownerRole]}</Badge>{" "}
              {isOwnerLocked && <Badge tone="warning">Locked</Badge>}
            </>
          ),
        },
        expiresColumn,
        lastUsedColumn,
      ]}
      actions={(token) => <RevokeMemberTokenButton teamId={teamId} token={token} />}
    />
  );
}

function PipelineTokenTable({ tokens }: { tokens: TeamPipelineToken[] }) {
  return (
    <TokenTable
      label="Pipeline tokens of the team"
      tokens={tokens}
      columns={[
        { title: "Fabric", cell: FabricLink },
        { title: "Created by", cell: Creator },
        expiresColumn,
        lastUsedColumn,
      ]}
      hrefOf={({ id, fabricId }) => `/metadata/fabrics/${fabricId}/pipelines/${id}`}
      actions={(token) => <RevokeTokenButton fabricId={token.fabricId} token={token} />}
    />
  );
}

function IssuerTable({ issuers }: { issuers: TeamIssuer[] }) {
  return (
    <TokenTable
      label="Trusted issuers of the team"
      tokens={issuers}
      columns={[
        { title: "Fabric", cell: FabricLink },
        { title: "Trusted by", cell: Creator },
        issuerColumn,
        workloadsColumn,
      ]}
      hrefOf={({ id, fabricId }) => `/metadata/fabrics/${fabricId}/pipelines/${id}`}
      actions={(issuer) => <RemoveIssuerButton fabricId={issuer.fabricId} issuer={issuer} />}
    />
  );
}

function FabricLink({ fabricId, fabricName }: { fabricId: string; fabricName: string }) {
  return (
    <Link href={`/metadata/fabrics/${fabricId}/advanced`} className="hover:text-accent-text hover:underline">
      {fabricName}
    </Link>
  );
}

function Creator({ createdByName, creatorStatus }: { createdByName: string; creatorStatus: CreatorStatus }) {
  return (
    <>
      {createdByName}{" "}
      {creatorStatus !== "admin" && <Badge tone="warning">{creatorTexts[creatorStatus]}</Badge>}
    </>
  );
}

const creatorTexts: Record<Exclude<CreatorStatus, "admin">, string> = {
  left: "Left the team",
  demoted: "No longer Admin",
  locked: "Locked",
};
