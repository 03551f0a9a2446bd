import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { type ActivityEvent, type AuditAction, auditActions, type ObjectKind } from "@/lib/audit/schema";

/** What an object is called on screen. */
export const objectNouns: Record<ObjectKind, string> = {
  secret: "secret",
  connection: "connection",
  fabric: "fabric",
  token: "pipeline token",
  issuer: "issuer",
  team: "team",
  user: "person",
};

const link = "font-medium text-ink hover:text-accent-text hover:underline";

/** One sentence; with links where the event is of a fabric, whose page can be filtered by who did it. */
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
        <Link href={actorHref} className={link} title={`Only what ${event.actorName} did`}>
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
  // A new token has no name yet: its event is about the person who did not get it.
  if (action === "access_token.refuse" && objectKind === "user") return "was refused";
  return auditActions[action];
}

function EventObject({ event, fabricId }: { event: ActivityEvent; fabricId: string | undefined }) {
  const { action, objectKind: kind, objectId, objectName, isThere } = event;
  if (kind === "fabric") return "this fabric";
  if (kind === "user" && objectId === event.actorId) return selfOf(action);
  // A name alone says that somebody is a person.
  if (kind === "user" && objectName) return <span className="font-medium text-ink">{objectName}</span>;
  const noun = action.startsWith("access_token.") ? "access token" : objectNouns[kind];
  if (!objectName) return action === "connection.check" ? "a connection that was not saved" : `a ${noun}`;
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

/** What somebody did to themselves. */
function selfOf(action: AuditAction): string {
  if (action === "access_token.refuse") return "a new access token";
  if (action === "team.hold") return "their membership";
  return action.startsWith("session.") ? "" : "their own account";
}
