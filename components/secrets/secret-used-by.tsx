import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { Link } from "@/components/ui/link";
import { findConnector } from "@/lib/connectors/registry";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretUsedBy({ fabricId, secret }: { fabricId: string; secret: SecretDetail }) {
  return (
    <DetailSection id="used-by" title="Used by">
      {secret.connections.length === 0 ? (
        <p className="text-muted">No connection uses this secret yet.</p>
      ) : (
        <DetailList>
          {secret.connections.map(({ id, name, kind }) => (
            <DetailItem key={id}>
              <Link
                href={`/metadata/fabrics/${fabricId}/connections/${id}`}
                className="rounded-sm font-medium text-accent-text hover:underline"
              >
                {name}
              </Link>
              <span className="text-muted">{findConnector(kind)?.name ?? kind}</span>
            </DetailItem>
          ))}
        </DetailList>
      )}
    </DetailSection>
  );
}
