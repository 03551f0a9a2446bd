import { readsText } from "@/components/secrets/reads-text";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { PipelineRead } from "@/lib/pipelines/schema";

/** What a pipeline read: each secret and way, with its last read. */
export function PipelineReadTable({
  fabricId,
  reads,
  showsWorkload,
}: {
  fabricId: string;
  reads: readonly PipelineRead[];
  /** An issuer has several workloads. */
  showsWorkload: boolean;
}) {
  return (
    <Table label="Secrets that it read">
      <THead>
        <Th>Secret</Th>
        {showsWorkload && <Th>Workload</Th>}
        <Th>Read as</Th>
        <Th width="w-40">Version</Th>
        <Th width="w-48">Reads</Th>
        <Th width="w-36">Last read</Th>
      </THead>
      <TBody>
        {reads.map((read) => (
          <Tr key={JSON.stringify([read.secretId, read.pipeline, read.connection, read.name])}>
            <Td isMain>
              <RowLink
                href={`/metadata/fabrics/${fabricId}/secrets/${read.secretId}`}
                name={read.secretName}
              />
            </Td>
            {showsWorkload && <Td label="Workload">{read.pipeline}</Td>}
            <Td label="Read as">{wayOf(read)}</Td>
            <Td label="Version">
              <ReadVersion read={read} />
            </Td>
            <Td label="Reads">{readsText(read)}</Td>
            <Td label="Last read">
              <RelativeTime date={read.lastReadAt} />
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function wayOf({ connection, name, secretName }: PipelineRead): string {
  if (connection !== null) return `connection “${connection}”`;
  return name === null || name.toLowerCase() === secretName.toLowerCase() ? "its name" : `“${name}”`;
}

/** The version that a pipeline last read, with a mark if it is not the current one. */
export function ReadVersion({ read: { version, currentVersion } }: { read: PipelineRead }) {
  if (version === currentVersion) return `version ${version}`;
  return (
    <span className="flex flex-col items-start gap-1">
      <Badge tone="warning">used version {version}</Badge>
      <span className="text-faint text-sm">version {currentVersion} is current</span>
    </span>
  );
}

/** The link to a pipeline's page. */
export function PipelineLink({ fabricId, id, name }: { fabricId: string; id: string; name: string }) {
  return (
    <Link
      href={`/metadata/fabrics/${fabricId}/pipelines/${id}`}
      className="rounded-sm font-medium text-accent-text hover:underline"
    >
      {name}
    </Link>
  );
}
