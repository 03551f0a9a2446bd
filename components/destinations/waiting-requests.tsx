import { DecideButtons } from "@/components/destinations/decide-buttons";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { WaitingRequest, WaitingRequests } from "@/lib/destinations/schema";

/**
 * Waiting requests to send a secret to a new destination, with person and reason. Renders nothing without
 * requests.
 */
export function WaitingRequestList({
  fabricId,
  waiting: { requests, total },
  isAdmin,
  ofOneSecret = false,
}: {
  fabricId: string;
  waiting: WaitingRequests;
  isAdmin: boolean;
  /** True on the secret's own page, which already names it. */
  ofOneSecret?: boolean;
}) {
  if (requests.length === 0) return null;
  const hidden = total - requests.length;
  return (
    <DetailSection id="waiting-requests" title={`Waiting for approval (${total})`}>
      <DetailList>
        {requests.map((request) => (
          <DetailItem key={request.id}>
            <RequestText fabricId={fabricId} request={request} ofOneSecret={ofOneSecret} />
            {isAdmin && <DecideButtons fabricId={fabricId} request={request} />}
          </DetailItem>
        ))}
      </DetailList>
      {(!isAdmin || hidden > 0) && (
        <p className="-mx-4 mt-3 border-line border-t px-4 pt-3 text-muted text-sm">
          {isAdmin
            ? `${hidden} more ${hidden === 1 ? "is" : "are"} waiting.`
            : "Admins of the team can allow or decline."}
        </p>
      )}
    </DetailSection>
  );
}

function RequestText({
  fabricId,
  request: {
    secret,
    isCandidate,
    enteredBy,
    formerNames,
    destinations,
    authorities,
    connectionName,
    reason,
    askedByName,
    askedAt,
  },
  ofOneSecret,
}: {
  fabricId: string;
  request: WaitingRequest;
  ofOneSecret: boolean;
}) {
  return (
    <div className="min-w-0 flex-1 basis-72">
      <p>
        {ofOneSecret ? (
          isCandidate ? (
            "Send the new value to "
          ) : (
            "Send it to "
          )
        ) : (
          <>
            Send {isCandidate && "the new value of "}
            <Link
              href={`/metadata/fabrics/${fabricId}/secrets/${secret.id}`}
              className="rounded-sm font-medium underline decoration-line-strong underline-offset-3 hover:text-accent-text"
            >
              {secret.name}
            </Link>{" "}
            to{" "}
          </>
        )}
        {destinations.map((destination) => (
          <span key={destination} className="wrap-anywhere block">
            {formatDestination(destination, authorities)}
          </span>
        ))}
      </p>
      {reason && <p>“{reason}”</p>}
      <p>
        The value was entered by {enteredBy.join(" and ")}.
        {formerNames.length > 0 && ` Former names of the secret: ${formerNames.join(", ")}.`}
      </p>
      <p className="text-muted text-sm">
        Requested by {askedByName} <RelativeTime date={askedAt} /> for the connection {connectionName}
      </p>
    </div>
  );
}
