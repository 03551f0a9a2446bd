import { CalendarCheck } from "lucide-react";
import { SecretExpiryCell } from "@/components/expiry/secret-expiry-cell";
import { EmptyState } from "@/components/ui/empty-state";
import { Link } from "@/components/ui/link";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { OwnExpiring } from "@/lib/reminders/schema";

const kinds = { secret: "Secret", token: "Pipeline token" } as const;

/** What expires soon, in all fabrics of the person. */
export function ExpiringTable({ expiring }: { expiring: readonly OwnExpiring[] }) {
  return (
    <section aria-labelledby="expiring" className="flex flex-col gap-3">
      <div>
        <h2 id="expiring" className="font-semibold text-lg">
          Expiring
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          What you own, in all your fabrics, that expires within 30 days or has expired. You are reminded of
          it unless somebody snoozed the reminders.
        </p>
      </div>
      {expiring.length > 0 ? (
        <Table label="Expiring">
          <THead>
            <Th>Name</Th>
            <Th width="w-40">Type</Th>
            <Th>Fabric</Th>
            <Th width="w-48">Expires</Th>
          </THead>
          <TBody>
            {expiring.map((one) => (
              <Tr key={one.id}>
                <Td isMain>
                  <RowLink href={hrefOf(one)} name={one.name} />
                </Td>
                <Td label="Type">{kinds[one.kind]}</Td>
                <Td label="Fabric">
                  <Link
                    href={`/metadata/fabrics/${one.fabricId}`}
                    className="rounded-sm text-accent-text hover:underline"
                  >
                    {one.fabricName}
                  </Link>
                </Td>
                <Td label="Expires">
                  <SecretExpiryCell expiry={one.expiry} />
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      ) : (
        <EmptyState icon={<CalendarCheck />} title="Nothing expires soon">
          Secrets and tokens that you own appear here 30 days before they expire.
        </EmptyState>
      )}
    </section>
  );
}

function hrefOf({ kind, id, fabricId }: OwnExpiring): string {
  const fabric = `/metadata/fabrics/${fabricId}`;
  return kind === "secret" ? `${fabric}/secrets/${id}` : `${fabric}/advanced`;
}
