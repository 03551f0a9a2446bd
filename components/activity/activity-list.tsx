import {
  Activity,
  Ban,
  CircleCheck,
  CircleX,
  KeyRound,
  ListFilter,
  type LucideIcon,
  MapPin,
  Pencil,
  Plus,
  RefreshCcw,
  RotateCw,
  Siren,
  Trash2,
} from "lucide-react";
import { eventDetails } from "@/components/activity/event-details";
import { EventSentence, objectNouns } from "@/components/activity/event-sentence";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { type ActivityEvent, type EventKind, eventKinds } from "@/lib/audit/schema";

/**
 * The fabric of the events, and the URL of its page with a filter; neither for events of a team or a person.
 */
type FabricContext = {
  fabricId?: string;
  hrefOf?: (filter: Record<string, string>) => string;
  /** The names of the CA certificates in destinations. */
  authorities?: Readonly<Record<string, string>>;
};

export function ActivityList({ events, ...context }: { events: ActivityEvent[] } & FabricContext) {
  return (
    <ol
      aria-label="Events, newest first"
      className="divide-y divide-line rounded-lg border border-line bg-surface"
    >
      {events.map((event) => (
        <EventLine key={event.id} event={event} {...context} />
      ))}
    </ol>
  );
}

function EventLine({ event, fabricId, hrefOf, authorities }: { event: ActivityEvent } & FabricContext) {
  const details = eventDetails(event, authorities);
  const { objectId, objectName, objectKind } = event;
  const { accessToken, accessTokenId } = event.details;
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <EventIcon event={event} />
      <div className="flex min-w-0 flex-1 flex-col gap-x-6 sm:flex-row sm:justify-between">
        <div className="min-w-0 text-muted">
          <p className="break-words">
            <EventSentence event={event} fabricId={fabricId} actorHref={hrefOf?.({ actor: event.actorId })} />
          </p>
          {details.length > 0 && (
            <p className="break-words text-sm">
              {details.join(" · ")}
              {hrefOf && accessTokenId && (
                <>
                  {" · "}
                  <Link
                    href={hrefOf({ actor: String(accessTokenId) })}
                    className="rounded-sm underline decoration-line-strong underline-offset-3 hover:text-accent-text"
                  >
                    Only this token<span className="sr-only"> {String(accessToken)}</span>
                  </Link>
                </>
              )}
            </p>
          )}
        </div>
        <p className="shrink-0 text-muted text-sm sm:pt-px">
          <RelativeTime date={event.at} />
        </p>
      </div>
      {!hrefOf ? null : objectId && objectName ? (
        <Link
          href={hrefOf({ object: objectId })}
          aria-label={`Show only activity of ${objectNouns[objectKind]} ${objectName}`}
          title="Show only its activity"
          className="-my-1 inline-flex size-7 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink"
        >
          <ListFilter aria-hidden className="size-4" />
        </Link>
      ) : (
        <span className="w-7 shrink-0" />
      )}
    </li>
  );
}

const icons: Record<EventKind, LucideIcon> = {
  created: Plus,
  changed: Pencil,
  deleted: Trash2,
  used: KeyRound,
  refused: Ban,
  checked: CircleCheck,
  destinations: MapPin,
  keys: RotateCw,
  rotations: RefreshCcw,
  alarms: Siren,
};

function EventIcon({ event: { action, details } }: { event: ActivityEvent }) {
  const kinds = Object.keys(eventKinds) as EventKind[];
  const isRefused = action.endsWith(".refuse");
  const kind = isRefused
    ? "refused"
    : kinds.find((one) => (eventKinds[one].actions as readonly string[]).includes(action));
  const isFailed = kind === "checked" && details.ok !== true;
  const Icon = isFailed ? CircleX : kind ? icons[kind] : Activity;
  const tone =
    isFailed || kind === "refused"
      ? "bg-danger-soft text-danger-text"
      : kind === "checked"
        ? "bg-success-soft text-success-text"
        : "bg-hover text-muted";
  return (
    <span className={cx("-mt-0.5 flex size-7 shrink-0 items-center justify-center rounded-full", tone)}>
      <Icon aria-hidden className="size-3.5" />
    </span>
  );
}
