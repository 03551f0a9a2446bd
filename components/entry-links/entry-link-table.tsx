import { RevokeEntryLinkButton } from "@/components/entry-links/revoke-entry-link-button";
import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { EntryLinkSummary } from "@/lib/entry-links/schema";

/** The entry links of a fabric, the newest first. */
export function EntryLinkTable({
  fabricId,
  links,
  authorities,
}: {
  fabricId: string;
  links: EntryLinkSummary[];
  authorities: Readonly<Record<string, string>>;
}) {
  return (
    <Table label="Entry links">
      <THead>
        <Th>For</Th>
        <Th width="w-[18%]">Secret</Th>
        <Th width="w-[21%]">Destinations</Th>
        <Th width="w-[14%]">Created</Th>
        <Th width="w-[14%]">Status</Th>
        <Th width="w-26" srOnly>
          Actions
        </Th>
      </THead>
      <TBody>
        {links.map((link) => (
          <Tr key={link.id}>
            <Td isMain>{link.name}</Td>
            <Td label="Secret">
              {link.secret.id === null ? (
                link.secret.name
              ) : (
                <Link
                  href={`/metadata/fabrics/${fabricId}/secrets/${link.secret.id}`}
                  className="rounded-sm text-accent-text [overflow-wrap:anywhere] hover:underline"
                >
                  {link.secret.name}
                </Link>
              )}
            </Td>
            <Td label="Destinations">
              {link.destinations.length === 0
                ? "None"
                : link.destinations.map((key) => (
                    <span key={key} className="block [overflow-wrap:anywhere]">
                      {formatDestination(key, authorities)}
                    </span>
                  ))}
            </Td>
            <Td label="Created">
              <RelativeTime date={link.createdAt} /> by {link.createdByName}
            </Td>
            <Td label="Status">
              <Status link={link} />
            </Td>
            <Td align="right" isFoot>
              {link.status === "open" && <RevokeEntryLinkButton fabricId={fabricId} link={link} />}
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}

function Status({ link: { status, usedAt, expiresAt, revokedByName } }: { link: EntryLinkSummary }) {
  switch (status) {
    case "open":
      return (
        <>
          <Badge tone="accent">Open</Badge> expires <RelativeTime date={expiresAt} />
        </>
      );
    case "used":
      return (
        <>
          <Badge tone="success">Used</Badge> {usedAt && <RelativeTime date={usedAt} />}
        </>
      );
    case "revoked":
      return (
        <>
          <Badge>Revoked</Badge> by {revokedByName}
        </>
      );
    default:
      return (
        <>
          <Badge>Expired</Badge> <RelativeTime date={expiresAt} />
        </>
      );
  }
}
