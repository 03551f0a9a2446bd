import * as z from "zod";
import { postgresText } from "@/lib/db/text";

/** Each recorded act, with the words that Activity shows for it: "Ada *created* secret x". */
export const auditActions = {
  "secret.create": "created",
  "secret.replace": "replaced the value of",
  "secret.candidate.create": "entered a new value, not current yet, for",
  "secret.candidate.discard": "discarded a new value of",
  "secret.candidate.expire": "deleted a new value that nobody promoted of",
  "secret.promote": "promoted a new value of",
  "secret.undo": "brought back the former value of",
  "secret.rename": "renamed",
  "secret.describe": "edited the description of",
  "secret.expiry": "changed the expiry of",
  "secret.owner": "changed the owner of",
  "reminder.snooze": "snoozed the reminders about",
  "reminder.resume": "ended the snooze of",
  "secret.name.drop": "removed a former name of",
  "secret.delete": "deleted",
  "secret.restore": "restored",
  "secret.copy": "copied the value of",
  "secret.copied": "stored a copy as",
  "secret.use": "used",
  "secret.token": "got an OAuth token with",
  "secret.unchanged": "asked for a newer version of",
  "secret.refuse": "was refused",
  "secret.purge": "deleted the stored values of",
  "secret.version.purge": "deleted former versions of",
  "secret.alarm": "could not open a stored value of",
  "secret.alarm.acknowledge": "acknowledged the alarm of",
  "secret.signin.reset": "allowed another attempt with",
  "secret.rotation.set": "set up the rotation of",
  "secret.rotation.remove": "ended the rotation of",
  "secret.rotation.start": "started to rotate the value of",
  "secret.rotation.fail": "could not rotate the value of",
  "secret.rotation.end": "rotated the value of",
  "destination.allow": "allowed a destination for",
  "destination.review": "reviewed a destination of",
  "destination.carry": "kept destinations of",
  "destination.remove": "removed a destination of",
  "destination.ask": "requested approval of a destination for",
  "destination.decline": "declined a destination for",
  "destination.rule": "set who may allow destinations in",
  "connection.create": "created",
  "connection.update": "edited",
  "connection.promote": "promoted",
  "connection.delete": "deleted",
  "connection.restore": "restored",
  "connection.purge": "purged the deleted",
  "connection.check": "checked",
  "connection.status": "recorded a status change of",
  "connection.refuse": "was refused",
  "fabric.create": "created",
  "fabric.update": "edited",
  "fabric.delete": "deleted",
  "fabric.restore": "undid the deletion of",
  "fabric.destroy": "destroyed",
  "fabric.versions": "set how many former versions pipelines may read in",
  "fabric.key.create": "created a key of",
  "fabric.key.sign": "signed again the key of",
  "fabric.key.master": "chose the master key of",
  "fabric.key.rotate": "started to rotate the key of",
  "fabric.key.reseal": "resealed values of",
  "fabric.key.pause": "paused the key rotation of",
  "fabric.key.resume": "resumed the key rotation of",
  "fabric.key.rotated": "finished the key rotation of",
  "fabric.key.destroy": "destroyed a former key of",
  "master_key.verify": "verified the fabric keys under the master",
  "master_key.rotate": "started to rotate to the master",
  "master_key.rewrap": "rewrapped fabric keys under the master",
  "master_key.pause": "paused the rotation to the master",
  "master_key.resume": "resumed the rotation to the master",
  "master_key.rotated": "finished the rotation to the master",
  "token.create": "created",
  "token.confirm": "confirmed",
  "token.owner": "changed the owner of",
  "token.revoke": "revoked",
  "token.refuse": "was refused with",
  "issuer.create": "added",
  "issuer.confirm": "confirmed",
  "issuer.delete": "removed",
  "entry_link.create": "created",
  "entry_link.revoke": "revoked",
  "access_token.create": "created",
  "access_token.revoke": "revoked",
  "team.create": "created",
  "team.invite": "invited",
  "team.uninvite": "revoked the invitation of",
  "team.join": "joined",
  "team.leave": "left",
  "team.role": "changed the role of",
  "team.remove": "removed",
  "team.hold": "must confirm",
  "team.confirm": "confirmed their membership of",
  "user.create": "created",
  "user.password": "changed the password of",
  "user.link": "linked single sign-on to",
  "user.lock": "locked",
  "user.unlock": "unlocked",
  "user.remove": "removed",
  "user.hold": "verified the address of",
  "user.review": "reviewed",
  "user.address": "confirmed the address of",
  "user.access.end": "ended all access of",
  "act.refuse": "was refused an action in",
  "access_token.refuse": "was refused with",
  "session.refuse": "refused a sign-in of",
  "session.start": "signed in",
  "session.confirm": "confirmed who they are",
  "session.end": "signed out",
  "backup.sign": "signed",
  "backup.restore": "restored",
  "drill.start": "started a drill of",
  "drill.open": "opened values in a drill of",
  "drill.end": "ended a drill of",
  "activity.remove": "removed old events of",
} as const;

export type AuditAction = keyof typeof auditActions;

/** The kinds of object that an event can be about. */
export const objectKinds = [
  "secret",
  "connection",
  "fabric",
  "token",
  "issuer",
  "entry_link",
  "team",
  "user",
  "key",
] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** The events of a fabric, grouped for the filter of Activity. */
export const eventKinds = {
  created: {
    label: "Created",
    actions: [
      "secret.create",
      "secret.copied",
      "connection.create",
      "fabric.create",
      "fabric.key.create",
      "token.create",
      "issuer.create",
      "entry_link.create",
    ],
  },
  changed: {
    label: "Changed",
    actions: [
      "secret.replace",
      "secret.candidate.create",
      "secret.promote",
      "secret.undo",
      "secret.rename",
      "secret.describe",
      "secret.expiry",
      "secret.owner",
      "reminder.snooze",
      "reminder.resume",
      "token.owner",
      "secret.name.drop",
      "connection.update",
      "secret.restore",
      "connection.restore",
      "connection.promote",
      "fabric.update",
      "fabric.restore",
      "fabric.versions",
      "token.confirm",
      "issuer.confirm",
    ],
  },
  deleted: {
    label: "Deleted or revoked",
    actions: [
      "secret.delete",
      "secret.purge",
      "secret.version.purge",
      "secret.candidate.discard",
      "secret.candidate.expire",
      "connection.delete",
      "connection.purge",
      "fabric.delete",
      "fabric.destroy",
      "token.revoke",
      "issuer.delete",
      "entry_link.revoke",
    ],
  },
  used: { label: "Used", actions: ["secret.use", "secret.token", "secret.unchanged", "secret.copy"] },
  refused: {
    label: "Refused",
    actions: ["secret.refuse", "connection.refuse", "token.refuse", "act.refuse"],
  },
  checked: { label: "Checked", actions: ["connection.check", "connection.status"] },
  destinations: {
    label: "Destinations",
    actions: [
      "destination.allow",
      "destination.carry",
      "destination.review",
      "destination.remove",
      "destination.ask",
      "destination.decline",
      "destination.rule",
      "secret.signin.reset",
    ],
  },
  keys: {
    label: "Keys",
    actions: [
      "fabric.key.rotate",
      "fabric.key.reseal",
      "fabric.key.pause",
      "fabric.key.resume",
      "fabric.key.rotated",
      "fabric.key.destroy",
      "fabric.key.sign",
      "fabric.key.master",
    ],
  },
  rotations: {
    label: "Rotations",
    actions: [
      "secret.rotation.set",
      "secret.rotation.remove",
      "secret.rotation.start",
      "secret.rotation.fail",
      "secret.rotation.end",
    ],
  },
  alarms: { label: "Alarms", actions: ["secret.alarm", "secret.alarm.acknowledge"] },
} as const satisfies Record<string, { label: string; actions: readonly AuditAction[] }>;
export type EventKind = keyof typeof eventKinds;
export const eventKindKeys = Object.keys(eventKinds) as EventKind[];

/** The actions of events in fabrics. */
export const fabricActions: readonly AuditAction[] = Object.values(eventKinds).flatMap(
  ({ actions }): readonly AuditAction[] => actions,
);

/** The kind of object that the events of an action are about, by the action's first word. */
const kindsByWord: Readonly<Record<string, ObjectKind>> = {
  secret: "secret",
  destination: "secret",
  connection: "connection",
  token: "token",
  issuer: "issuer",
  entry_link: "entry_link",
  fabric: "fabric",
  act: "fabric",
};

/** True when events of an action in a fabric can be about a kind of object. Reminders are about several. */
export function isAbout(action: AuditAction, kind: ObjectKind): boolean {
  const own = action === "destination.rule" ? "fabric" : kindsByWord[action.split(".")[0] ?? ""];
  return own === undefined || own === kind;
}

const dayMs = 86_400_000;

/** A day in UTC (`2026-03-31`), or a moment (RFC 3339). */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** The filters of Activity. `from` and `to` are days or moments; `to` includes its day. */
export const activityFilters = {
  from: moment,
  to: moment,
  actor: postgresText(100),
  kind: z.enum(objectKinds),
  event: z.enum(eventKindKeys),
  object: postgresText(100),
  search: postgresText(128).transform((search) => search.trim()),
} as const;

/** Filters and page of Activity, from the URL. `before` and `after` are event ids. */
export const activityFilter = z.object({
  from: activityFilters.from.optional().catch(undefined),
  to: activityFilters.to.optional().catch(undefined),
  actor: activityFilters.actor.optional().catch(undefined),
  kind: activityFilters.kind.optional().catch(undefined),
  event: activityFilters.event.optional().catch(undefined),
  object: activityFilters.object.optional().catch(undefined),
  search: activityFilters.search.optional().catch(undefined),
  before: postgresText(64).optional().catch(undefined),
  after: postgresText(64).optional().catch(undefined),
});
export type ActivityFilter = z.infer<typeof activityFilter>;

/** The moments between which a filter's events lie; the second one is not included. */
export function rangeOf({ from, to }: Pick<ActivityFilter, "from" | "to">): { from?: Date; to?: Date } {
  const start = from === undefined ? {} : { from: new Date(from) };
  if (to === undefined) return start;
  const isDay = to.length === 10;
  return { ...start, to: new Date(new Date(to).getTime() + (isDay ? dayMs : 0)) };
}

/**
 * The name that the documented product's audit log has for an event, or undefined where it has none. An export has
 * both names.
 */
export function documentedEvent(action: AuditAction, details: ActivityDetails): string | undefined {
  if (action === "session.start") return details.method === "openid" ? "login_federated" : "login_builtin";
  return documentedEvents[action];
}

const documentedEvents: { readonly [action in AuditAction]?: string } = {
  "secret.create": "fabric_secret_create",
  "secret.copied": "fabric_secret_create",
  "secret.replace": "fabric_secret_update",
  "secret.rename": "fabric_secret_update",
  "secret.describe": "fabric_secret_update",
  "secret.delete": "fabric_secret_delete",
  "connection.create": "connection_create",
  "connection.update": "connection_update",
  "connection.delete": "connection_delete",
  "fabric.create": "fabric_create",
  "fabric.update": "fabric_config_update",
  "fabric.delete": "fabric_delete",
  "session.end": "logout",
};

/** The details of an event that a page may show. All others stay on the server. */
export const detailKeys = [
  "name",
  "version",
  "from",
  "to",
  "ok",
  "code",
  "step",
  "field",
  "fields",
  "fromHost",
  "toHost",
  "tookMs",
  "purpose",
  "connection",
  "secret",
  "team",
  "destination",
  "source",
  "provider",
  "role",
  "reason",
  "rule",
  "accessToken",
  "accessTokenId",
  "count",
  "length",
  "within",
  "permission",
  "member",
  "method",
  "sessions",
  "accessTokens",
  "values",
  "unopened",
  "startedBy",
  "versions",
  "destroyAt",
  "until",
  "candidate",
  "despite",
  "serverHas",
  "refusedBy",
  "untried",
] as const;
export type ActivityDetails = {
  [key in (typeof detailKeys)[number]]?: string | number | boolean | string[];
};

/** One line of Activity. */
export type ActivityEvent = {
  id: string;
  at: Date;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: AuditAction;
  objectKind: ObjectKind;
  /** Empty for an object that was never saved. */
  objectId: string;
  objectName: string;
  /** True when the object still exists and has a page. */
  isThere: boolean;
  details: ActivityDetails;
};

/** One page of Activity. A cursor is null when no further page exists. */
export type ActivityPage = {
  events: ActivityEvent[];
  older: string | null;
  newer: string | null;
  /** What a search found by name: the page has events about them, and by them. */
  named?: Named;
};

/** The objects and the people and pipelines whose names contain a search, best first. */
export type Named = {
  objects: { id: string; kind: ObjectKind; name: string }[];
  actors: { id: string; name: string }[];
  /** True when more names match than a search follows. */
  isCut: boolean;
};

/** An actor in a fabric, for the filter. */
export type ActivityActor = { id: string; name: string; kind: "user" | "pipeline" | "system" | "token" };
