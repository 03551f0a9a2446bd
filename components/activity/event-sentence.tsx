import { Badge } from "@/components/ui/badge";
import { Link } from "@/components/ui/link";
import { type ActivityEvent, type AuditAction, auditActions, type ObjectKind } from "@/lib/audit/schema";

/** The name of each object kind on screen. */
export const objectNouns: Record<ObjectKind, string> = {
  secret: "secret",
  connection: "connection",
  fabric: "fabric",
  token: "pipeline token",
  issuer: "trusted issuer",
  entry_link: "entry link",
  team: "team",
  user: "person",
  key: "key",
};

const link = "font-medium text-ink hover:text-accent-text hover:underline";

/** One sentence about an event. A fabric's events link to its activity page, filtered by actor. */
export function EventSentence({
  event,
  fabricId,
  actorHref,
}: {
  event: ActivityEvent;
  fabricId?: string | undefined;
  actorHref?: string | undefined;
}) {
  return (
    <>
      {actorHref ? (
        <Link href={actorHref} className={link} title={`Show only events of ${event.actorName}`}>
          {event.actorName}
        </Link>
      ) : (
        <span className="font-medium text-ink">{event.actorName}</span>
      )}
      {event.actorKind === "pipeline" && (
        <>
          {" "}
          <Badge tone="neutral">Pipeline</Badge>
        </>
      )}{" "}
      {verbOf(event)} <EventObject event={event} fabricId={fabricId} />
    </>
  );
}

function verbOf({ action, objectKind }: ActivityEvent): string {
  // A refused token has no name, so the event's object is the person who requested it.
  if (action === "access_token.refuse" && objectKind === "user") return "was refused";
  return auditActions[action];
}

function EventObject({ event, fabricId }: { event: ActivityEvent; fabricId: string | undefined }) {
  const { action, objectKind: kind, objectId, objectName, isThere } = event;
  if (kind === "fabric" && (fabricId || !objectName)) return fabricId ? "this fabric" : "a fabric";
  if (kind === "user" && objectId === event.actorId) return selfOf(action);
  // A person needs no noun before their name.
  if (kind === "user" && objectName) return <span className="font-medium text-ink">{objectName}</span>;
  const noun = action.startsWith("access_token.") ? "access token" : objectNouns[kind];
  if (!objectName) return action === "connection.check" ? "an unsaved connection" : `a ${noun}`;
  return (
    <>
      {noun}{" "}
      {isThere && fabricId ? (
        <Link href={`/metadata/fabrics/${fabricId}/${kind}s/${objectId}`} className={link}>
          {objectName}
        </Link>
      ) : (
        <span className="font-medium text-ink">{objectName}</span>
      )}
    </>
  );
}

/** The object of a person's action on their own account. */
function selfOf(action: AuditAction): string {
  if (action === "access_token.refuse") return "a new access token";
  if (action === "team.hold") return "their membership";
  return action.startsWith("session.") ? "" : "their own account";
}
