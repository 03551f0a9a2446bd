import type { ReactNode } from "react";
import { activityHref } from "@/components/activity/activity-href";
import { ConnectionStateBadge } from "@/components/connections/status-badge";
import { connectionsHref } from "@/components/secrets/connections-href";
import { readsText } from "@/components/secrets/reads-text";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { checkTexts } from "@/lib/connectors/check-texts";
import { maxShownReaders, type SecretUsers, usedForDays } from "@/lib/secrets/schema";

const linkClass = "rounded-sm font-medium text-accent-text hover:underline";
type Reader = SecretUsers["readers"][number];

/**
 * Everything that uses a secret: connections with their state, rotations, and pipelines with their last read. The
 * secret's page shows it, and each dialog that changes the secret shows it first.
 */
export function SecretUserList({ fabricId, users }: { fabricId: string; users: SecretUsers }) {
  const { id, connections, rotations, readers, usedBy, usedByRotations } = users;
  return (
    <div className="flex flex-col gap-4 text-left text-ink [overflow-wrap:anywhere]">
      <Group
        title={usedBy === 1 ? "1 connection" : `${usedBy || "No"} connections`}
        more={usedBy > connections.length && `All ${usedBy} connections`}
        moreHref={connectionsHref(fabricId, id)}
      >
        {connections.map((connection) => (
          <UsingConnection key={connection.id} fabricId={fabricId} connection={connection} />
        ))}
      </Group>
      {usedByRotations > 0 && (
        <Group title={usedByRotations === 1 ? "1 rotation" : `${usedByRotations} rotations`}>
          {rotations.map((secret) => (
            <UsingRotation key={secret.id} fabricId={fabricId} secret={secret} />
          ))}
        </Group>
      )}
      <Group
        title={
          readers.length === 0
            ? `No pipeline in the last ${usedForDays} days`
            : `Pipelines of the last ${usedForDays} days`
        }
        more={
          readers.length === maxShownReaders && `These are the latest ${maxShownReaders}. All in Activity`
        }
        moreHref={usesHref(fabricId, id)}
      >
        {readers.map((reader) => (
          <ReadingPipeline key={readerKey(reader)} fabricId={fabricId} reader={reader} users={users} />
        ))}
      </Group>
    </div>
  );
}

/** Activity, with the uses of one secret. */
export function usesHref(fabricId: string, secretId: string): string {
  return activityHref(fabricId, { object: secretId, event: "used" });
}

function Group({
  title,
  more = false,
  moreHref = "",
  children,
}: {
  title: string;
  more?: string | false;
  moreHref?: string;
  children: ReactNode[];
}) {
  return (
    <div>
      <p className="text-muted text-sm">{title}</p>
      {children.length > 0 && (
        <ul className="mt-1 divide-y divide-line rounded-md border border-line bg-surface">
          {children}
          {more && (
            <li className="px-3 py-2 text-sm">
              <Link href={moreHref} className={linkClass}>
                {more}
              </Link>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

const rowClass = "grid gap-x-4 gap-y-1 px-3 py-2 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center";

function UsingConnection({
  fabricId,
  connection: { id, name, kindName, state, code, checkedAt },
}: {
  fabricId: string;
  connection: SecretUsers["connections"][number];
}) {
  return (
    <li className={rowClass}>
      <span className="min-w-0">
        <Link href={`/metadata/fabrics/${fabricId}/connections/${id}`} className={linkClass}>
          {name}
        </Link>
        <span className="block text-muted text-sm">{kindName}</span>
      </span>
      <span className="flex flex-col items-start gap-1 text-sm sm:items-end">
        <ConnectionStateBadge state={state} />
        {code && <span>{checkTexts[code].title}</span>}
        {checkedAt && (
          <span className="text-faint">
            checked <RelativeTime date={checkedAt} />
          </span>
        )}
      </span>
    </li>
  );
}

function UsingRotation({
  fabricId,
  secret: { id, name },
}: {
  fabricId: string;
  secret: SecretUsers["rotations"][number];
}) {
  return (
    <li className={rowClass}>
      <span className="min-w-0">
        <Link href={`/metadata/fabrics/${fabricId}/secrets/${id}#rotation`} className={linkClass}>
          {name}
        </Link>
        <span className="block text-muted text-sm">This secret signs in to set its passwords</span>
      </span>
    </li>
  );
}

function ReadingPipeline({
  fabricId,
  reader,
  users: { name, version, versionSetAt },
}: {
  fabricId: string;
  reader: Reader;
  users: SecretUsers;
}) {
  return (
    <li className={rowClass}>
      <span className="min-w-0">
        <Link href={`/metadata/fabrics/${fabricId}/pipelines/${reader.pipelineId}`} className={linkClass}>
          {reader.pipeline}
        </Link>
        <span className="block text-muted text-sm">
          {wayOf(reader, name)}
          {readsText(reader)}
        </span>
      </span>
      <span className="flex flex-col items-start gap-1 text-sm sm:items-end">
        <span>
          read <RelativeTime date={reader.lastReadAt} />
        </span>
        {reader.version === version ? (
          <span className="text-faint">version {version}</span>
        ) : (
          <>
            <Badge tone="warning">used version {reader.version}</Badge>
            <span className="text-faint">
              version {version} is current, set <RelativeTime date={versionSetAt} />
            </span>
          </>
        )}
      </span>
    </li>
  );
}

/** Identifies a reader within a list. */
function readerKey({ pipelineId, pipeline, connection, name }: Reader): string {
  return JSON.stringify([pipelineId, pipeline, connection, name]);
}

/** How a pipeline reads a secret, unless it does so by the secret's current name. */
function wayOf(reader: Pick<Reader, "connection" | "name">, currentName: string): string {
  if (reader.connection !== null) return `through connection “${reader.connection}”, `;
  return reader.name?.toLowerCase() === currentName.toLowerCase() ? "" : `as “${reader.name}”, `;
}
