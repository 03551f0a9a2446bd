import type { ReactNode } from "react";
import { connectionsHref } from "@/components/secrets/connections-href";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { readerKey, wayOf } from "@/components/secrets/reader-list";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { findConnector } from "@/lib/connectors/registry";
import { maxShownReaders, type SecretDetail, usedForDays } from "@/lib/secrets/schema";

const linkClass = "rounded-sm font-medium text-accent-text hover:underline";

/** The connections that reference a secret, and the pipelines that read it. */
export function SecretUsedBy({ fabricId, secret }: { fabricId: string; secret: SecretDetail }) {
  const { connections, readers, usedBy } = secret;
  return (
    <DetailSection id="used-by" title="Used by">
      <div className="flex flex-col gap-3">
        {connections.length === 0 ? (
          <p className="text-muted">No connection uses this secret.</p>
        ) : (
          <Group title="Connections">
            {connections.map(({ id, name, kind }) => (
              <DetailItem key={id}>
                <Link href={`/metadata/fabrics/${fabricId}/connections/${id}`} className={linkClass}>
                  {name}
                </Link>
                <span className="text-muted">{findConnector(kind)?.name ?? kind}</span>
              </DetailItem>
            ))}
            {usedBy > connections.length && (
              <DetailItem>
                <Link href={connectionsHref(fabricId, secret.id)} className={linkClass}>
                  All {usedBy} connections
                </Link>
              </DetailItem>
            )}
          </Group>
        )}
        {readers.length === 0 ? (
          <p className="text-muted">No pipeline has read it in the last {usedForDays} days.</p>
        ) : (
          <Group title={`Pipelines that read it in the last ${usedForDays} days`}>
            {readers.map((reader) => (
              <DetailItem key={readerKey(reader)}>
                <span>
                  <span className="font-medium">{reader.pipeline}</span>
                  <span className="text-muted">{wayOf(reader, secret.name)}</span>
                </span>
                <span className="text-muted">
                  version {reader.version}, <RelativeTime date={reader.lastReadAt} />
                </span>
              </DetailItem>
            ))}
          </Group>
        )}
        <p className="text-muted text-sm">
          {readers.length === maxShownReaders && `These are the latest ${maxShownReaders}. `}
          <Link
            href={`/metadata/fabrics/${fabricId}/activity?object=${secret.id}&event=used`}
            className={linkClass}
          >
            All uses in Activity
          </Link>
        </p>
      </div>
    </DetailSection>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h4 className="mb-3 text-muted text-sm">{title}</h4>
      <div className="-mx-4 border-line border-y px-4 py-3">
        <DetailList>{children}</DetailList>
      </div>
    </div>
  );
}
