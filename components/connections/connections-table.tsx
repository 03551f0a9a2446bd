import { NewValueNote } from "@/components/candidates/new-value-waits";
import { InvalidSettingsNote } from "@/components/connections/invalid-settings";
import { KindTile } from "@/components/connections/kind-tile";
import { NotAllowedNote } from "@/components/connections/not-allowed";
import { RowCheck } from "@/components/connections/row-check";
import { ConnectionStatusBadge } from "@/components/connections/status-badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { ConnectionSummary } from "@/lib/connections/schema";
import { findConnector } from "@/lib/connectors/registry";

export function ConnectionsTable({
  fabricId,
  connections,
  label = "Connections",
}: {
  fabricId: string;
  connections: ConnectionSummary[];
  label?: string;
}) {
  return (
    <Table label={label}>
      <THead>
        <Th>Name</Th>
        <Th width="w-[18%]">Kind</Th>
        <Th width="w-[26%]">Status</Th>
        <Th width="w-36">Used by</Th>
        <Th width="w-36" isExtra>
          Updated
        </Th>
        <Th width="w-30" srOnly>
          Check
        </Th>
      </THead>
      <TBody>
        {connections.map((connection) => (
          <ConnectionRow key={connection.id} fabricId={fabricId} connection={connection} />
        ))}
      </TBody>
    </Table>
  );
}

function ConnectionRow({ fabricId, connection }: { fabricId: string; connection: ConnectionSummary }) {
  const { id, name, kind, description, status, history, properties, notAllowed, references } = connection;
  const connector = findConnector(kind);
  return (
    <Tr>
      <Td isMain>
        <RowLink href={`/metadata/fabrics/${fabricId}/connections/${id}`} name={name} />
        {description && (
          <p className="font-normal text-muted text-sm wide:truncate card:line-clamp-3" title={description}>
            {description}
          </p>
        )}
      </Td>
      <Td label="Kind">
        <span className="flex items-center gap-2.5">
          <KindTile kind={kind} />
          {connector?.name ?? kind}
        </span>
      </Td>
      <Td label="Status">
        <ConnectionStatusBadge status={status} history={history} />
        <NewValueNote fabricId={fabricId} references={references} />
        {notAllowed && <NotAllowedNote notAllowed={notAllowed} />}
        <InvalidSettingsNote kind={kind} properties={properties} />
      </Td>
      <Td label="Used by">
        <UsedBy href={`/metadata/fabrics/${fabricId}/connections/${id}#read-by`} connection={connection} />
      </Td>
      <Td label="Updated" isExtra>
        <RelativeTime date={connection.updatedAt} />
        <span className="block truncate text-faint text-sm" title={connection.updatedByName}>
          {connection.updatedByName}
        </span>
      </Td>
      <Td align="right" isFoot>
        <RowCheck
          fabricId={fabricId}
          subject={{ kind, name, properties }}
          stepTitles={connector?.stepTitles ?? {}}
        />
      </Td>
    </Tr>
  );
}

function UsedBy({
  href,
  connection: { pipelines, lastReadAt },
}: {
  href: string;
  connection: ConnectionSummary;
}) {
  if (lastReadAt === null) return <span className="text-faint">No pipeline</span>;
  return (
    <>
      <Link href={href} className="rounded-sm text-accent-text hover:underline">
        {pipelines === 1 ? "1 pipeline" : `${pipelines} pipelines`}
      </Link>
      <span className="block text-faint text-sm">
        read <RelativeTime date={lastReadAt} />
      </span>
    </>
  );
}
