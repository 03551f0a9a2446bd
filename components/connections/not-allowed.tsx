import { Banner } from "@/components/ui/banner";
import { RelativeTime } from "@/components/ui/relative-time";
import { formatDestination } from "@/lib/connectors/format-destination";
import type { NotAllowed } from "@/lib/destinations/schema";

/** In a row: pipelines cannot use the connection, and since when. */
export function NotAllowedNote({ notAllowed: { since, sent } }: { notAllowed: NotAllowed }) {
  const secrets = sent.map(({ secret }) => secret).join(", ");
  return (
    <span className="mt-1 block text-sm text-warning-text">
      Pipelines can’t use this connection until its destination is allowed for {secrets}. Waiting{" "}
      <RelativeTime date={since} span="for" />.
    </span>
  );
}

/** On the connection's page: the destinations that must be allowed, and how to allow them. */
export function NotAllowedBanner({
  notAllowed: { since, sent },
  isAdmin,
}: {
  notAllowed: NotAllowed;
  isAdmin: boolean;
}) {
  return (
    <Banner
      tone="warning"
      title={`Pipelines can’t use this connection until ${sent.length === 1 ? "this is" : "these are"} allowed`}
    >
      <ul>
        {sent.flatMap(({ secret, destinations }) =>
          destinations.map((destination) => (
            <li key={`${secret} ${destination}`}>
              <span className="font-medium text-ink">{secret}</span> to{" "}
              <span className="wrap-anywhere text-ink">{formatDestination(destination)}</span>
            </li>
          )),
        )}
      </ul>
      <p className="mt-1">
        Waiting <RelativeTime date={since} span="for" />.{" "}
        {isAdmin
          ? "Choose Check to see the destination and allow it."
          : "Choose Check to see the destination and request approval."}
      </p>
    </Banner>
  );
}
