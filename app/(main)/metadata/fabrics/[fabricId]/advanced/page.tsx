import { KeySquare } from "lucide-react";
import type { Metadata } from "next";
import { DestinationRuleSection } from "@/components/destinations/destination-rule-section";
import { ReviewSection } from "@/components/destinations/review-section";
import { FabricKeysSection } from "@/components/fabric-keys/fabric-keys-section";
import { DeleteFabricSection } from "@/components/fabrics/delete-fabric-section";
import { FormerVersions } from "@/components/fabrics/former-versions";
import { WhoCan } from "@/components/fabrics/who-can";
import { MasterKeySection } from "@/components/master-keys/master-key-section";
import { CreateTokenButton } from "@/components/pipeline-tokens/create-token-button";
import { PipelineTokenTable } from "@/components/pipeline-tokens/pipeline-token-table";
import { QueryProvider } from "@/components/query/query-provider";
import { IssuerSection } from "@/components/trusted-issuers/issuer-section";
import { EmptyState } from "@/components/ui/empty-state";
import { allows } from "@/lib/access/policy";
import { getDestinationRule, listToReview } from "@/lib/destinations/queries";
import { webEnv } from "@/lib/env";
import { listPossibleOwners } from "@/lib/expiry/queries";
import { getFabricKeys } from "@/lib/fabric-keys/queries";
import { findOwnMasterKey, getFabric, getFormerVersions } from "@/lib/fabrics/queries";
import { findMasterKeyChoice } from "@/lib/master-keys/queries";
import { requireScope } from "@/lib/next/require-scope";
import { listTokens } from "@/lib/pipeline-tokens/queries";
import { listTokenSnoozes } from "@/lib/reminders/queries";
import { listIssuers } from "@/lib/trusted-issuers/queries";

export const metadata: Metadata = { title: "Advanced" };

export default async function AdvancedPage({ params }: { params: Promise<{ fabricId: string }> }) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "token:list");
  const fabric = await getFabric(await requireScope(fabricId, "fabric:see"));
  const tokens = await listTokens(scope);
  const issuers = await listIssuers(scope);
  const formerVersions = await getFormerVersions(scope);
  const rule = await getDestinationRule(scope);
  const isAdmin = allows(scope.role, "token:write");
  const review = isAdmin ? await listToReview(await requireScope(fabricId, "secret:list")) : null;
  const fabricKeys = isAdmin ? await getFabricKeys(await requireScope(fabricId, "fabric-key:list")) : null;
  const masterKeys = isAdmin
    ? await findMasterKeyChoice(await requireScope(fabricId, "fabric-key:list"))
    : null;
  const createToken = isAdmin ? (
    <CreateTokenButton
      fabric={{ id: fabric.id, name: fabric.name }}
      webUrl={webEnv().PUBLIC_URL}
      automateUrl={webEnv().AUTOMATE_PUBLIC_URL}
    />
  ) : (
    <WhoCan act="can create and revoke tokens" team={fabric.team.name} admins={fabric.admins} />
  );
  return (
    <div className="flex flex-col gap-8">
      {review && <ReviewSection fabricId={fabric.id} review={review} />}
      <section aria-labelledby="tokens" className="flex flex-col gap-4">
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
          <div>
            <h2 id="tokens" className="font-semibold text-lg">
              Pipeline tokens
            </h2>
            <p className="max-w-2xl text-pretty text-muted">
              Pipelines use a token to read this fabric’s secrets from Automate. Activity lists each read.
            </p>
          </div>
          {/* Always in the same position. If the first token moved this button, its dialog, which shows
              the token, would unmount. */}
          {createToken}
        </div>
        {tokens.length > 0 ? (
          <PipelineTokenTable
            tokens={tokens}
            fabricId={fabric.id}
            canRevoke={isAdmin}
            owners={isAdmin ? await listPossibleOwners(await requireScope(fabricId, "secret:list")) : []}
            snoozes={await listTokenSnoozes(scope)}
          />
        ) : (
          <EmptyState icon={<KeySquare />} title="No pipeline tokens yet">
            Create a token to let a pipeline read this fabric’s secrets.
          </EmptyState>
        )}
      </section>
      <IssuerSection
        fabricId={fabric.id}
        issuers={issuers}
        isAdmin={isAdmin}
        whoCan={<WhoCan act="can add trusted issuers" team={fabric.team.name} admins={fabric.admins} />}
      />
      <FormerVersions fabricId={fabric.id} count={formerVersions} isAdmin={isAdmin} />
      <DestinationRuleSection fabricId={fabric.id} rule={rule} isAdmin={isAdmin} />
      {fabricKeys && (
        <QueryProvider>
          <FabricKeysSection fabric={{ id: fabric.id, name: fabric.name }} initialData={fabricKeys} />
        </QueryProvider>
      )}
      {masterKeys && <MasterKeySection fabricId={fabric.id} choice={masterKeys} />}
      {allows(scope.role, "fabric:delete") && (
        <DeleteFabricSection
          fabric={{
            id: fabric.id,
            name: fabric.name,
            activeTokens: tokens.filter(({ status }) => status === "active").length,
            issuers: issuers.length,
            ownMasterKey: await findOwnMasterKey(await requireScope(fabricId, "fabric:see")),
          }}
        />
      )}
    </div>
  );
}
