import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { RemoveDestinationButton } from "@/components/secrets/remove-destination-button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretDestinations({
  fabricId,
  secret: { destinations },
  isAdmin,
}: {
  fabricId: string;
  secret: SecretDetail;
  isAdmin: boolean;
}) {
  return (
    <DetailSection id="destinations" title="Allowed destinations">
      {destinations.length === 0 ? (
        <p className="text-muted">
          None yet. Whoever entered the value, or an Admin, allows a place by using the secret in a connection
          there.
        </p>
      ) : (
        <DetailList>
          {destinations.map(({ id, destination, createdAt, createdByName }) => (
            <DetailItem key={id}>
              <span className="min-w-0">
                <code className="font-mono text-sm wrap-anywhere">{destination}</code>
                <span className="block text-muted text-sm">
                  added by {createdByName} <RelativeTime date={createdAt} />
                </span>
              </span>
              {isAdmin && <RemoveDestinationButton fabricId={fabricId} destination={{ id, destination }} />}
            </DetailItem>
          ))}
        </DetailList>
      )}
    </DetailSection>
  );
}
