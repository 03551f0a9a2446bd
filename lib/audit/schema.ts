import { z } from "zod";

/** Every act that is recorded, with the words that Activity uses for it: "Ada *created* secret x". */
export const auditActions = {
  "secret.create": "created",
  "secret.replace": "replaced the value of",
  "secret.rename": "renamed",
  "secret.describe": "edited the description of",
  "secret.name.drop": "dropped a former name of",
  "secret.delete": "deleted",
  "secret.use": "used",
  "secret.refuse": "was refused",
  "secret.purge": "purged",
  "destination.allow": "allowed a destination for",
  "destination.carry": "kept destinations of",
  "destination.remove": "removed a destination of",
  "connection.create": "created",
  "connection.update": "edited",
  "connection.delete": "deleted",
  "connection.check": "checked",
  "fabric.create": "created",
  "fabric.update": "edited",
  "fabric.key.create": "made a key for",
  "token.create": "created",
  "token.revoke": "revoked",
  "team.create": "created",
  "team.invite": "invited",
  "team.join": "joined",
  "team.role": "changed the role of",
  "team.remove": "removed",
  "user.create": "created",
  "user.password": "changed the password of",
  "session.start": "signed in",
  "session.end": "signed out",
} as const;

export type AuditAction = keyof typeof auditActions;

/** What an event is about. */
export const objectKinds = ["secret", "connection", "fabric", "token", "team", "user"] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** Filters and page of Activity, as they stand in the URL. */
export const activityFilter = z.object({
  actor: z.string().max(100).optional().catch(undefined),
  kind: z.enum(objectKinds).optional().catch(undefined),
  object: z.string().max(100).optional().catch(undefined),
  before: z.string().max(64).optional().catch(undefined),
});
export type ActivityFilter = z.infer<typeof activityFilter>;

/** One line of Activity. */
export type ActivityEvent = {
  id: string;
  at: Date;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: AuditAction;
  objectKind: ObjectKind;
  objectId: string;
  objectName: string;
  details: Record<string, unknown>;
};
