import { z } from "zod";
import { type CheckCode, newPlacesSchema } from "@/lib/connectors/check-protocol";
import { connectionInput } from "@/lib/connectors/connection-input";
import { postgresText } from "@/lib/db/text";
import type { NotAllowed } from "@/lib/destinations/schema";

/** What the platform itself calls so: its file store and its warehouse. */
const reservedNames = ["prophecyfilesystem", "prophecymanaged"];

/** A name of a connection: pipelines and people read it, so spaces are welcome within. */
export const connectionName = z
  .string()
  .trim()
  .min(1, "Name is empty.")
  .max(128, "Name is longer than 128 characters.")
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u,
    "Use letters, digits, spaces, “_”, “.” and “-”, beginning with a letter or digit.",
  )
  .refine(
    (name) => !reservedNames.includes(name.toLowerCase()),
    "This name belongs to the platform: choose another.",
  );

export const connectionDescription = z
  .string()
  .trim()
  .max(500, "Description is longer than 500 characters.")
  .regex(/^[^\0]*$/, "Description holds a character that cannot be stored.")
  .default("");

/** Properties by their API names; a credential field holds the id of its secret. Judged by the kind's own schema. */
const properties = z.record(z.string().max(64), z.unknown());

export const createConnectionInput = z.object({
  kind: z.string().max(64),
  name: connectionName,
  description: connectionDescription,
  properties,
  /** It is the fabric's SQL warehouse; decided once. */
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

/** What tells one state of a connection from the next (RFC 9110 §8.8.3). */
export function connectionEtag({ updatedAt }: { updatedAt: Date }): string {
  return `"${updatedAt.getTime()}"`;
}

export const connectionIdInput = z.object({ connectionId: z.string() });

/** The check of a connection, saved or not. */
export const checkInput = connectionInput.extend({
  /** The person entered these settings. */
  isConfirmed: z.boolean(),
  /** What a check found to be new, and the person then confirmed. */
  shownPlaces: newPlacesSchema.max(50).optional(),
});
export type CheckInput = z.infer<typeof checkInput>;

/** The state of the Connections tab, as it stands in the URL. */
export const connectionListQuery = z.object({
  search: postgresText(128).trim().catch("").default(""),
  after: postgresText(256).optional().catch(undefined),
  before: postgresText(256).optional().catch(undefined),
});
export type ConnectionListQuery = z.infer<typeof connectionListQuery>;

/** Results that say nothing about the connection itself: they leave its status as it was. */
export const codesBesideStatus: readonly CheckCode[] = [
  "destination_not_allowed",
  "destination_unconfirmed",
  "sign_in_paused",
  "misconfigured",
  "secret_missing",
  "automate_unavailable",
  "busy",
  "cancelled",
];

/** What the newest check of exactly this configuration found, and since when checks find that. */
export type ConnectionStatus =
  | { state: "connected"; since: Date; checkedAt: Date; tookMs: number }
  | { state: "disconnected"; since: Date; checkedAt: Date; tookMs: number; code: CheckCode }
  /** Nobody used it for a week, so it is not checked by itself. */
  | { state: "inactive"; checkedAt: Date; tookMs: number }
  /** A secret would go somewhere new, and an Admin was asked. */
  | { state: "waiting"; askedByName: string; askedAt: Date }
  | { state: "not_tested"; reason: "never" | "value_replaced" }
  | { state: "not_tested"; reason: "declined"; declinedByName: string };

/** How checks ended. */
export type CheckHistory = { ok: boolean; at: Date }[];

/** How many checks are shown at most. */
export const historyLength = 30;

/** Everything about one connection. */
export type ConnectionSummary = {
  id: string;
  name: string;
  kind: string;
  description: string;
  status: ConnectionStatus;
  /** Why pipelines cannot use it; null when they can. */
  notAllowed: NotAllowed | null;
  /** The newest checks that say something of it, oldest first. */
  history: CheckHistory;
  /** Properties with the ids of secrets, ready to be checked. */
  properties: Record<string, unknown>;
  /** It is the fabric's SQL warehouse. */
  isWarehouse: boolean;
  references: { field: string; secretId: string; name: string; subKind: string }[];
  createdAt: Date;
  createdByName: string;
  updatedAt: Date;
  updatedByName: string;
};

export type ConnectionPage = {
  /** The fabric's provider and its SQL warehouse: on the first page, beside the others, whatever was searched for. */
  warehouse: { provider: string; connection: ConnectionSummary | null } | null;
  connections: ConnectionSummary[];
  next: string | null;
  previous: string | null;
  isFabricEmpty: boolean;
};
