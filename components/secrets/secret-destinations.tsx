import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { RemoveDestinationButton } from "@/components/secrets/remove-destination-button";
import { RelativeTime } from "@/components/ui/relative-time";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretDestinations({
  fabricId,
  secret: { destinations, authorities },
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
          None. To allow a destination, or to request approval, check a connection that uses the secret.
        </p>
      ) : (
        <DetailList>
          {destinations.map((allowed) => (
            <DetailItem key={allowed.id}>
              <span className="min-w-0">
                <span className="wrap-anywhere block">
                  {formatDestination(allowed.destination, authorities)}
                </span>
                <span className="text-muted text-sm">
                  Allowed by {allowed.createdByName} <RelativeTime date={allowed.createdAt} />
                </span>
              </span>
              {isAdmin && (
                <RemoveDestinationButton
                  fabricId={fabricId}
                  destination={allowed}
                  authorities={authorities}
                />
              )}
            </DetailItem>
          ))}
        </DetailList>
      )}
      {destinations.length > 0 && !isAdmin && (
        <p className="-mx-4 mt-3 border-line border-t px-4 pt-3 text-muted text-sm">
          Admins of the team can remove a destination.
        </p>
      )}
    </DetailSection>
  );
}
