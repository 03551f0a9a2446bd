import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretDestinations({ secret: { destinations } }: { secret: SecretDetail }) {
  return (
    <DetailSection id="destinations" title="Allowed destinations">
      {destinations.length === 0 ? (
        <p className="text-muted">
          None yet: the value has gone nowhere. Whoever entered it, or an Admin, allows a place by using the
          secret in a connection there.
        </p>
      ) : (
        <DetailList>
          {destinations.map(({ id, destination, createdAt, createdByName }) => (
            <DetailItem key={id}>
              <code className="min-w-0 font-mono text-sm">{destination}</code>
              <span className="text-muted text-sm">
                added by {createdByName} <RelativeTime date={createdAt} />
              </span>
            </DetailItem>
          ))}
        </DetailList>
      )}
    </DetailSection>
  );
}
