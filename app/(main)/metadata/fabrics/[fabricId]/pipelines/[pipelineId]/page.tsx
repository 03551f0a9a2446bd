import { KeySquare } from "lucide-react";
import { activityHref } from "@/components/activity/activity-href";
import { TokenExpiry, TokenStatusBadge } from "@/components/pipeline-tokens/token-status";
import { PipelineReadTable } from "@/components/pipelines/read-table";
import { BackLink } from "@/components/ui/back-link";
import { Badge } from "@/components/ui/badge";
import { EmptyState } from "@/components/ui/empty-state";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { notFoundPage, requireScope } from "@/lib/next/require-scope";
import { getPipeline } from "@/lib/pipelines/queries";
import { maxShownReads, type PipelineDetail } from "@/lib/pipelines/schema";
import { usedForDays } from "@/lib/secrets/schema";

export const metadata = { title: "Pipeline" };

const kinds = {
  token: "Pipeline token",
  issuer: "Trusted issuer",
  removed: "Issuer that is no longer trusted",
} as const;

export default async function PipelinePage({
  params,
}: {
  params: Promise<{ fabricId: string; pipelineId: string }>;
}) {
  const { fabricId, pipelineId } = await params;
  const scope = await requireScope(fabricId, "token:list");
  const pipeline = await getPipeline(scope, pipelineId).catch(notFoundPage);
  const { id, name, kind, token, reads } = pipeline;
  return (
    <section className="flex flex-col gap-5" aria-labelledby="pipeline">
      <header className="flex flex-col gap-3">
        <BackLink href={`/metadata/fabrics/${fabricId}/advanced#${kind === "token" ? "tokens" : "issuers"}`}>
          {kind === "token" ? "All pipeline tokens" : "All trusted issuers"}
        </BackLink>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 [overflow-wrap:anywhere]">
          <h2 id="pipeline" className="min-w-0 font-semibold text-xl">
            {name}
          </h2>
          <Badge>{kinds[kind]}</Badge>
          {token && <TokenStatusBadge status={token.status} />}
        </div>
        <Facts pipeline={pipeline} />
      </header>
      {reads.length === 0 ? (
        <EmptyState icon={<KeySquare />} title="It has read no secret">
          Secrets that it reads appear here, with the last read of the last {usedForDays} days.
        </EmptyState>
      ) : (
        <PipelineReadTable fabricId={fabricId} reads={reads} showsWorkload={kind !== "token"} />
      )}
      <p className="text-muted text-sm">
        {pipeline.count > reads.length && `These are the latest ${maxShownReads} of ${pipeline.count}. `}
        {pipeline.deletedSecrets > 0 &&
          `It also read ${plural(pipeline.deletedSecrets, "secret")} that ${pipeline.deletedSecrets === 1 ? "was" : "were"} deleted. `}
        <Link
          href={activityHref(fabricId, { actor: id })}
          className="rounded-sm font-medium text-accent-text hover:underline"
        >
          All in Activity
        </Link>
      </p>
    </section>
  );
}

function Facts({
  pipeline: { secrets, lastReadAt, token, createdAt, createdByName },
}: {
  pipeline: PipelineDetail;
}) {
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-3">
      <Fact term="Secrets">{`${secrets} in ${usedForDays} days`}</Fact>
      <Fact term="Last read">{lastReadAt ? <RelativeTime date={lastReadAt} /> : "Never"}</Fact>
      {token && (
        <Fact term="Expires">
          <TokenExpiry token={token} />
        </Fact>
      )}
      {createdAt && (
        <Fact term="Created">
          <RelativeTime date={createdAt} /> by {createdByName}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd className="[overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function plural(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}
