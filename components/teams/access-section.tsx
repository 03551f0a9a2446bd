import Link from "next/link";
import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import { TokenExpiry } from "@/components/pipeline-tokens/token-status";
import { RevokeMemberTokenButton } from "@/components/teams/revoke-member-token-button";
import { RemoveIssuerButton } from "@/components/trusted-issuers/remove-issuer-button";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { MemberAccessToken } from "@/lib/access-tokens/schema";
import type { MakerStatus, TeamIssuer, TeamPipelineToken } from "@/lib/pipeline-tokens/schema";
import { roleNames } from "@/lib/teams/schema";

/** Every token that works in the team, and every issuer of such tokens, for its Admins. */
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
    <Table label="Access tokens of members">
      <THead>
        <Th>Name</Th>
        <Th>Member</Th>
        <Th>Last used</Th>
        <Th>Expires</Th>
        <Th srOnly>Actions</Th>
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>
              <span className="block md:max-w-40 xl:max-w-64">{token.name}</span>
            </Td>
            <Td label="Member">
              {token.ownerName}, {roleNames[token.ownerRole]}{" "}
              {token.isOwnerLocked && <Badge tone="warning">Locked</Badge>}
            </Td>
            <Times {...token} />
            <Td align="right" isFoot>
              <RevokeMemberTokenButton teamId={teamId} token={token} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function PipelineTokenTable({ tokens }: { tokens: TeamPipelineToken[] }) {
  return (
    <Table label="Pipeline tokens of the team">
      <THead>
        <Th>Name</Th>
        <Th>Fabric</Th>
        <Th>Created by</Th>
        <Th>Last used</Th>
        <Th>Expires</Th>
        <Th srOnly>Actions</Th>
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>
              <span className="block md:max-w-40 xl:max-w-64">{token.name}</span>
            </Td>
            <Td label="Fabric">
              <FabricLink {...token} />
            </Td>
            <Td label="Created by">
              <Maker {...token} />
            </Td>
            <Times {...token} />
            <Td align="right" isFoot>
              <RevokeTokenButton fabricId={token.fabricId} token={token} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function IssuerTable({ issuers }: { issuers: TeamIssuer[] }) {
  return (
    <Table label="Trusted issuers of the team">
      <THead>
        <Th>Name</Th>
        <Th>Fabric</Th>
        <Th>Trusted by</Th>
        <Th>Issuer</Th>
        <Th>Workloads</Th>
        <Th srOnly>Actions</Th>
      </THead>
      <TBody>
        {issuers.map((issuer) => (
          <Tr key={issuer.id}>
            <Td isMain>
              <span className="block md:max-w-40 xl:max-w-64">{issuer.name}</span>
            </Td>
            <Td label="Fabric">
              <FabricLink {...issuer} />
            </Td>
            <Td label="Trusted by">
              <Maker {...issuer} />
            </Td>
            <Td label="Issuer">
              <span className="block break-all md:max-w-32 xl:max-w-52">{issuer.issuer}</span>
            </Td>
            <Td label="Workloads">
              <code className="block break-all font-mono text-sm md:max-w-32 xl:max-w-56">
                {issuer.subject}
              </code>
            </Td>
            <Td align="right" isFoot>
              <RemoveIssuerButton fabricId={issuer.fabricId} issuer={issuer} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function FabricLink({ fabricId, fabricName }: { fabricId: string; fabricName: string }) {
  return (
    <Link href={`/metadata/fabrics/${fabricId}/advanced`} className="hover:text-accent-text hover:underline">
      {fabricName}
    </Link>
  );
}

function Maker({ createdByName, maker }: { createdByName: string; maker: MakerStatus }) {
  return (
    <>
      {createdByName} {maker !== "admin" && <Badge tone="warning">{makerTexts[maker]}</Badge>}
    </>
  );
}

const makerTexts: Record<Exclude<MakerStatus, "admin">, string> = {
  left: "Left the team",
  demoted: "No longer Admin",
  locked: "Locked",
};

function Times({ lastUsedAt, expiresAt }: { lastUsedAt: Date | null; expiresAt: Date | null }) {
  return (
    <>
      <Td label="Last used">{lastUsedAt ? <RelativeTime date={lastUsedAt} /> : "Never"}</Td>
      <Td label="Expires">
        <TokenExpiry token={{ expiresAt, revokedAt: null }} />
      </Td>
    </>
  );
}
