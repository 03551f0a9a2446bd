import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { type ActivityEvent, auditActions, type ObjectKind } from "@/lib/audit/schema";

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

export function EventSentence({
  event,
  fabricId,
  actorHref,
}: {
  event: ActivityEvent;
  fabricId: string;
  actorHref: string;
}) {
  return (
    <>
      <Link href={actorHref} className={link} title={`Only what ${event.actorName} did`}>
        {event.actorName}
      </Link>
      {event.actorKind === "pipeline" && (
        <>
          {" "}
          <Badge tone="neutral">Pipeline</Badge>
        </>
      )}{" "}
      {auditActions[event.action]} <EventObject event={event} fabricId={fabricId} />
    </>
  );
}

function EventObject({ event, fabricId }: { event: ActivityEvent; fabricId: string }) {
  const { objectKind: kind, objectId, objectName, isThere } = event;
  if (kind === "fabric") return "this fabric";
  if (!objectName)
    return kind === "connection" && event.action !== "connection.refuse"
      ? "a connection that was not saved"
      : `a ${objectNouns[kind]}`;
  return (
    <>
      {objectNouns[kind]}{" "}
      {isThere ? (
        <Link href={`/metadata/fabrics/${fabricId}/${kind}s/${objectId}`} className={link}>
          {objectName}
        </Link>
      ) : (
        <span className="font-medium text-ink">{objectName}</span>
      )}
    </>
  );
}
