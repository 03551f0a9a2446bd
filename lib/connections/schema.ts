import * as z from "zod";
import { type CheckCode, newDestinationsByNameSchema } from "@/lib/connectors/check-protocol";
import { connectionInput } from "@/lib/connectors/connection-input";
import { postgresText } from "@/lib/db/text";
import type { NotAllowed } from "@/lib/destinations/schema";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/** Names that the platform uses for its own file store and warehouse. */
const reservedNames = ["prophecyfilesystem", "prophecymanaged"];

/** A connection's name. Spaces are allowed: people read it as well as pipelines. */
export const connectionName = z
  .string()
  .trim()
  .min(1, "Enter a name.")
  .max(128, "Name is longer than 128 characters.")
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u,
    "Use letters, digits, spaces, “_”, “.” and “-”. Start with a letter or digit.",
  )
  .refine(
    (name) => !reservedNames.includes(name.toLowerCase()),
    "The platform reserves this name: choose another.",
  );

export const connectionDescription = z
  .string()
  .trim()
  .max(500, "Description is longer than 500 characters.")
  .regex(/^[^\0]*$/, "Description contains a character that cannot be stored.")
  .default("");

/** Properties by API name. A credential field holds a secret's id. The connector's schema validates them. */
const properties = z.record(z.string().max(64), z.unknown());

export const createConnectionInput = z.object({
  kind: z.string().max(64),
  name: connectionName,
  description: connectionDescription,
  properties,
  /** Makes the connection the fabric's SQL warehouse. Cannot be changed later. */
  isDefaultWarehouseConnection: z.boolean().optional(),
});
export type CreateConnectionInput = z.infer<typeof createConnectionInput>;

export const updateConnectionInput = z.object({
  connectionId: z.string(),
  name: connectionName,
  description: connectionDescription,
  properties,
});
export type UpdateConnectionInput = z.infer<typeof updateConnectionInput>;

/** The entity tag of a connection's state (RFC 9110 §8.8.3). */
export function connectionEtag({ updatedAt }: { updatedAt: Date }): string {
  return `"${updatedAt.getTime()}"`;
}

export const connectionIdInput = z.object({ connectionId: z.string() });

/** The check of a connection, saved or not. */
export const checkInput = connectionInput.extend({
  /** True when the person entered these settings. */
  isConfirmed: z.boolean(),
  /** The new destinations that a check reported and the person then confirmed. */
  shownDestinations: newDestinationsByNameSchema.max(50).optional(),
});
export type CheckInput = z.infer<typeof checkInput>;

/** The state of the Connections tab, from the URL. */
export const connectionListQuery = z.object({
  search: postgresText(128).trim().catch("").default(""),
  /** Only connections that use the secret with this id. */
  secret: postgresText(64).optional().catch(undefined),
  after: postgresText(256).optional().catch(undefined),
  before: postgresText(256).optional().catch(undefined),
});
export type ConnectionListQuery = z.infer<typeof connectionListQuery>;

/** Results that say nothing about the connection itself. They leave its status unchanged. */
export const inconclusiveCodes: readonly CheckCode[] = [
  "destination_not_allowed",
  "destination_unconfirmed",
  "sign_in_paused",
  "misconfigured",
  "secret_missing",
  "automate_unavailable",
  "key_service_unavailable",
  "key_disabled",
  "key_denied",
  "key_missing",
  "busy",
  "cancelled",
];

/** The result of the newest check of exactly this configuration, and since when checks end with it. */
export type ConnectionStatus =
  | { state: "connected"; since: Date; checkedAt: Date; durationMs: number }
  | { state: "disconnected"; since: Date; checkedAt: Date; durationMs: number; code: CheckCode }
  /** Unused for a week, so it gets no scheduled checks. */
  | { state: "inactive"; checkedAt: Date; durationMs: number }
  /** A secret would go somewhere new, and a person asked an Admin to allow it. */
  | { state: "waiting"; askedByName: string; askedAt: Date }
  | { state: "not_tested"; reason: "never" | "value_replaced" }
  | { state: "not_tested"; reason: "declined"; declinedByName: string };

/** The outcomes of recent checks. */
export type CheckHistory = { ok: boolean; at: Date }[];

/** The most checks that a history shows. */
export const historyLength = 30;

/** Everything about one connection. */
export type ConnectionSummary = {
  id: string;
  name: string;
  kind: string;
  description: string;
  status: ConnectionStatus;
  /** Why pipelines cannot use the connection; null when they can. */
  notAllowed: NotAllowed | null;
  /** The newest checks that say something about the connection, oldest first. */
  history: CheckHistory;
  /** Properties including the ids of secrets, ready for a check. */
  properties: Record<string, unknown>;
  /** True for the fabric's SQL warehouse. */
  isWarehouse: boolean;
  /** Its secrets. `hasNewValue` while a new value of one waits to be promoted. */
  references: { field: string; secretId: string; name: string; subKind: SubKind; hasNewValue: boolean }[];
  /** The number of pipelines that read through it in the last `usedForDays` days, and the last time. */
  pipelines: number;
  lastReadAt: Date | null;
  createdAt: Date;
  createdByName: string;
  updatedAt: Date;
  updatedByName: string;
};

/** A secret in a field of a connection, with the newest check of the connection that tried it. */
export type ConnectionSecretUse = {
  field: string;
  id: string;
  name: string;
  currentVersion: number;
  /** Null if no check tried it. */
  checkedAt: Date | null;
  checkedVersion: number | null;
  hasPassed: boolean;
};

export type ConnectionPage = {
  /** The fabric's provider and its SQL warehouse. Only on the first page, independent of the search. */
  warehouse: { provider: string; connection: ConnectionSummary | null } | null;
  connections: ConnectionSummary[];
  next: string | null;
  previous: string | null;
};
