import { PipelineLink, ReadVersion } from "@/components/pipelines/read-table";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { readsText } from "@/components/secrets/reads-text";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import type { ConnectionSecretUse } from "@/lib/connections/schema";
import { maxShownReads, type PipelineRead } from "@/lib/pipelines/schema";
import { usedForDays } from "@/lib/secrets/schema";

const linkClass = "rounded-sm font-medium text-accent-text hover:underline";
type Read = PipelineRead & { pipelineId: string };

/** The secrets of a connection with their last check, and the pipelines that read through it. */
export function ConnectionUses({
  fabricId,
  secrets,
  titles,
  reads,
}: {
  fabricId: string;
  secrets: readonly ConnectionSecretUse[];
  /** The title of each field. */
  titles: Readonly<Record<string, string>>;
  reads: readonly Read[];
}) {
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <DetailSection id="its-secrets" title="Secrets it uses">
        {secrets.length === 0 ? (
          <p className="text-muted">This connection uses no secret.</p>
        ) : (
          <DetailList>
            {secrets.map((secret) => (
              <DetailItem key={secret.field}>
                <span>
                  <Link href={`/metadata/fabrics/${fabricId}/secrets/${secret.id}`} className={linkClass}>
                    {secret.name}
                  </Link>
                  <span className="block text-muted text-sm">{titles[secret.field] ?? secret.field}</span>
                </span>
                <Checked secret={secret} />
              </DetailItem>
            ))}
          </DetailList>
        )}
      </DetailSection>
      <DetailSection id="read-by" title="Pipelines that read through it">
        {reads.length === 0 ? (
          <p className="text-muted">No pipeline has in the last {usedForDays} days.</p>
        ) : (
          <DetailList>
            {reads.map((read) => (
              <DetailItem
                key={JSON.stringify([read.pipelineId, read.pipeline, read.secretId, read.connection])}
              >
                <span>
                  <PipelineLink fabricId={fabricId} id={read.pipelineId} name={read.pipeline} />
                  <span className="block text-muted text-sm">
                    {read.secretName}, {readsText(read)}
                  </span>
                </span>
                <span className="flex flex-col items-start gap-1 text-sm sm:items-end">
                  <span>
                    read <RelativeTime date={read.lastReadAt} />
                  </span>
                  <ReadVersion read={read} />
                </span>
              </DetailItem>
            ))}
          </DetailList>
        )}
        {reads.length === maxShownReads && (
          <p className="mt-3 text-muted text-sm">These are the latest {maxShownReads}.</p>
        )}
      </DetailSection>
    </div>
  );
}

function Checked({
  secret: { checkedAt, checkedVersion, currentVersion, hasPassed },
}: {
  secret: ConnectionSecretUse;
}) {
  if (checkedAt === null) return <span className="text-muted text-sm">Not checked yet</span>;
  return (
    <span className="flex flex-col items-start gap-1 text-sm sm:items-end">
      <span>
        {hasPassed ? "check passed" : "check failed"} <RelativeTime date={checkedAt} />
      </span>
      {checkedVersion === currentVersion ? (
        <span className="text-faint">version {currentVersion}</span>
      ) : (
        <>
          <Badge tone="warning">checked version {checkedVersion}</Badge>
          <span className="text-faint">version {currentVersion} is current</span>
        </>
      )}
    </span>
  );
}
