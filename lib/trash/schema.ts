import * as z from "zod";
import { connectionName } from "@/lib/connections/schema";
import { postgresText } from "@/lib/db/text";
import { secretName } from "@/lib/secrets/schema";

/** What the trash holds. */
export const trashTypes = ["secret", "connection"] as const;
export type TrashType = (typeof trashTypes)[number];

/** The state of the Trash tab, from the URL. */
export const trashQuery = z.object({
  search: postgresText(128).trim().catch("").default(""),
  type: z.enum(trashTypes).optional().catch(undefined),
  after: z.string().max(256).optional().catch(undefined),
  before: z.string().max(256).optional().catch(undefined),
});
export type TrashQuery = z.infer<typeof trashQuery>;

const id = postgresText(64);
/** The inputs of a restore: another name, if its own is taken. */
export const restoreSecretInput = z.object({ secretId: id, name: secretName.optional() });
export const restoreConnectionInput = z.object({ connectionId: id, name: connectionName.optional() });
export const purgeInput = z.object({ type: z.enum(trashTypes), id });
/** The names of the restore dialog, by type. */
export const restoredName = { secret: secretName, connection: connectionName } as const;

/** A deleted secret or connection that is not purged yet. */
export type TrashItem = {
  type: TrashType;
  id: string;
  name: string;
  /** The type of the secret, or the kind of the connection. */
  kind: string;
  deletedAt: Date;
  deletedByName: string;
  /** From when automate purges it, within ten minutes. */
  purgeAt: Date;
  isBeingPurged: boolean;
  /** True when another one has its name now, so that a restore requires another name. */
  isNameTaken: boolean;
  /** The secrets that a connection references and that are in the trash, too. They must be restored first. */
  waitsFor: string[];
  /** True when the viewer may restore it. */
  canRestore: boolean;
  /** True when the viewer may purge it before its time. */
  canPurge: boolean;
};

/** One page of the trash, the newest first. A cursor is null when no further page exists. */
export type TrashPage = {
  items: TrashItem[];
  next: string | null;
  previous: string | null;
  isTrashEmpty: boolean;
};
