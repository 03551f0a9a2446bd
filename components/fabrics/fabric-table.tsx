import { ProviderBadge } from "@/components/fabrics/provider-badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import { type FabricSummary, providers } from "@/lib/fabrics/schema";

export function FabricTable({ fabrics }: { fabrics: FabricSummary[] }) {
  return (
    <Table label="Fabrics">
      <THead>
        <Th>Name</Th>
        <Th width="w-[18%]">Team</Th>
        <Th width="w-32">Provider</Th>
        <Th width="w-24">Secrets</Th>
        <Th width="w-32">Connections</Th>
        <Th width="w-[20%]">Created</Th>
      </THead>
      <TBody>
        {fabrics.map((fabric) => (
          <FabricRow key={fabric.id} fabric={fabric} />
        ))}
      </TBody>
    </Table>
  );
}

function FabricRow({ fabric }: { fabric: FabricSummary }) {
  const home = `/metadata/fabrics/${fabric.id}`;
  return (
    <Tr>
      <Td isMain>
        <RowLink href={home} name={fabric.name} />
        {fabric.description && (
          <p
            className="font-normal text-muted text-sm wide:truncate card:line-clamp-2"
            title={fabric.description}
          >
            {fabric.description}
          </p>
        )}
      </Td>
      <Td label="Team">
        <Link
          href={`/metadata/teams/${fabric.team.id}`}
          title={fabric.team.name}
          className="block truncate hover:text-accent-text hover:underline"
        >
          {fabric.team.name}
        </Link>
      </Td>
      <Td label="Provider">
        {fabric.provider === "none" ? providers.none : <ProviderBadge provider={fabric.provider} />}
      </Td>
      <Td label="Secrets">
        <CountLink href={`${home}/secrets`} count={fabric.secrets} noun="secrets" of={fabric.name} />
      </Td>
      <Td label="Connections">
        <CountLink
          href={`${home}/connections`}
          count={fabric.connections}
          noun="connections"
          of={fabric.name}
        />
      </Td>
      <Td label="Created">
        <RelativeTime date={fabric.createdAt} />
        <span className="block truncate text-faint text-sm" title={fabric.createdByName}>
          {fabric.createdByName}
        </span>
      </Td>
    </Tr>
  );
}

function CountLink({ href, count, noun, of }: { href: string; count: number; noun: string; of: string }) {
  return (
    <Link href={href} className="inline-block min-w-6 tabular-nums hover:text-accent-text hover:underline">
      {count.toLocaleString("en")}
      <span className="sr-only">
        {" "}
        {noun} of {of}
      </span>
    </Link>
  );
}
