import * as z from "zod";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { isPostgresText } from "@/lib/db/text";
import { type Expiry, expiryText, type Owner, optionalExpiry } from "@/lib/expiry/schema";
import type { ValueExpiry } from "@/lib/secrets/kinds/expiry-of-text";
import {
  anyKind,
  type NewValue,
  newValue,
  type Replacement,
  replacement,
  type SubKind,
  secretKinds,
  subKinds,
} from "@/lib/secrets/kinds/registry";
import { suggestName } from "@/lib/suggest-name";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

const nameRule = "Use at most 128 letters, digits, “_”, “.” and “-”. Start with a letter or digit.";

/** A secret's name. The error does not repeat the input. */
export const plainSecretName = z.string().min(1, "Enter a name.").regex(namePattern, nameRule);

/** A secret's name, for forms. The error suggests a valid name. */
export const secretName = z
  .string()
  .min(1, "Enter a name.")
  .superRefine((name, ctx) => {
    if (name === "" || namePattern.test(name)) return;
    const suggestion = suggestName(name);
    const message = suggestion ? `${nameRule} Example: ${suggestion}` : nameRule;
    ctx.addIssue({ code: "custom", message });
  });

/** True for a valid secret name. */
export function isSecretName(name: string): boolean {
  return namePattern.test(name);
}

export const secretDescription = z
  .string()
  .trim()
  .max(500, "Description is longer than 500 characters.")
  .regex(/^[^\0]*$/, "Description contains a character that cannot be stored.")
  .default("");
/** The name of a file, stored unencrypted. */
const fileName = z
  .string()
  .max(255, "The file’s name is longer than 255 characters.")
  .refine(isPostgresText, "The file’s name cannot be stored: rename it.")
  .optional();

/** The member `fileName` of a type that holds a file; nothing for others. */
export function fileNameOf(subKind: SubKind): { fileName?: typeof fileName } {
  return secretKinds[subKind].shape === "file" ? { fileName } : {};
}

type ByKind<T extends { [K in SubKind]: object }> = T[SubKind];

/** The input of + Add Secret. */
export type CreateSecretInput = ByKind<{
  [K in SubKind]: {
    subKind: K;
    name: string;
    description: string;
    fields: NewValue<K>;
    fileName?: string | undefined;
    /** The entered date, as an ISO text. Without it, the date that the value carries counts. */
    expiresAt?: string | undefined;
  };
}>;
export const createSecretInput = anyKind<CreateSecretInput>((subKind) =>
  z.object({
    subKind: z.literal(subKind),
    name: secretName,
    description: secretDescription,
    fields: newValue(subKind),
    expiresAt: expiryText.optional(),
    ...fileNameOf(subKind),
  }),
);

/** A whole value of one type: every field of it. */
export type EnteredValue = ByKind<{
  [K in SubKind]: { subKind: K; fields: NewValue<K>; fileName?: string | undefined };
}>;

/** The schema of a whole value with further members. */
export function anyValueInput<S extends z.ZodRawShape>(
  more: S,
): z.ZodType<z.infer<z.ZodObject<S>> & EnteredValue> {
  return anyKind((subKind) =>
    z.object({ ...more, subKind: z.literal(subKind), fields: newValue(subKind), ...fileNameOf(subKind) }),
  );
}

const replaced = z.object({
  secretId: z.string(),
  /**
   * The version that the person saw. If another version exists by now, the replace fails as a conflict
   * instead of overwriting it.
   */
  expectedVersion: z.number().int(),
  /** Ids of the allowed destinations that the new value may go to as well. */
  destinationIds: z.array(z.string()).max(200).default([]),
  /** When the new value expires. The former value's date never counts for the new one. */
  expiresAt: expiryText.optional(),
  fileName,
});

/**
 * The input of Replace value. An absent field is kept, a present one is replaced, and null clears an optional
 * one.
 */
export type ReplaceSecretInput = z.output<typeof replaced> &
  ByKind<{ [K in SubKind]: { subKind: K; fields: Replacement<K> } }>;
export const replaceSecretInput = anyKind<ReplaceSecretInput>((subKind) =>
  z.object({ subKind: z.literal(subKind), ...replaced.shape, fields: replacement(subKind) }),
).refine(({ fields }) => Object.values(fields).some((value) => value !== undefined), {
  message: "Enter at least one new value.",
  path: ["fields"],
});

/** The input of the management API's update. Absent members stay unchanged. */
export type UpdateSecretInput = {
  secretId: string;
  subKind: SubKind;
  name?: string | undefined;
  description?: string | undefined;
  replacement?: Pick<ReplaceSecretInput, "subKind" | "fields" | "fileName"> | undefined;
  /** Null removes an entered date. */
  expiresAt?: string | null | undefined;
  /** The e-mail address of a member; null for the Admins. */
  owner?: string | null | undefined;
  keepDestinations: boolean;
  ifMatch?: string | undefined;
};

/** The entity tag of a secret's state (RFC 9110 §8.8.3). Reveals nothing about the value. */
export function secretEtag({ version, updatedAt }: { version: number; updatedAt: Date }): string {
  return `"${version}.${updatedAt.getTime()}"`;
}

export const renameSecretInput = z.object({ secretId: z.string(), name: secretName });
export const describeSecretInput = z.object({ secretId: z.string(), description: secretDescription });
export const setSecretExpiryInput = z.object({ secretId: z.string(), expiresAt: expiryText.nullable() });
/** `ownerId` is null for the Admins. */
export const setSecretOwnerInput = z.object({
  secretId: z.string(),
  ownerId: z.string().max(64).nullable(),
});
export const setSecretExpiryForm = setSecretExpiryInput.extend({ expiresAt: optionalExpiry });
export const setSecretOwnerForm = setSecretOwnerInput.extend({
  ownerId: z.string().transform((id) => id || null),
});
export const secretIdInput = z.object({ secretId: z.string() });
export const dropNameInput = z.object({ secretId: z.string(), name: z.string().max(128) });

export const secretSorts = ["name", "type", "created", "updated", "expires", "used"] as const;
export type SecretSort = (typeof secretSorts)[number];

/** The states that the list of secrets can be limited to. */
export const secretStates = ["expiring", "failing", "new_value", "unused", "never_replaced"] as const;
export type SecretState = (typeof secretStates)[number];

/** For how many days the state "unused" requires that nothing used a secret. */
export const unusedForDays = 90;

/** The state of the Secrets tab, from the URL. */
export const secretListQuery = z.object({
  search: z
    .string()
    .trim()
    .max(128)
    .regex(/^[^\0]*$/)
    .catch("")
    .default(""),
  type: z.enum(subKinds).optional().catch(undefined),
  state: z.enum(secretStates).optional().catch(undefined),
  sort: z.enum(secretSorts).catch("name").default("name"),
  order: z.enum(["asc", "desc"]).catch("asc").default("asc"),
  after: z.string().max(2048).optional().catch(undefined),
  before: z.string().max(2048).optional().catch(undefined),
});
export type SecretListQuery = z.infer<typeof secretListQuery>;

/** The public metadata of a value. */
export type SecretMetadata = {
  fileName?: string;
  sizeBytes?: number;
  certificate?: { subject: string; issuer: string; expiresAt: string };
  /** Host and port of the Auth URL. */
  authHost?: string;
  /** The date that a field of the value carries. */
  expiry?: ValueExpiry & { field: string };
};

/**
 * For how many days a pipeline that read a secret counts as using it: longer than a quarter, so that a quarterly
 * pipeline always counts.
 */
export const usedForDays = 100;

/** How many days the reads of a secret are counted by day. */
export const shownDays = 30;

/** How many readers of a secret a page names. Activity has the others. */
export const maxShownReaders = 20;

/** How many connections of a secret a page and a dialog name. The Connections tab lists all, page by page. */
export const maxShownConnections = 20;

/** A pipeline that reads a secret by a name of it, or through a connection. */
export type SecretReader = {
  /** The name of the pipeline token, or of the trusted issuer with the workload's subject. */
  pipeline: string;
  connection: string | null;
  /** The name by which it reads, which may be a former one. */
  name: string | null;
  /** The version that it last read. */
  version: number;
  lastReadAt: Date;
  reads: number;
  /** The first of these reads; null if an earlier version of Selvage counted it. */
  firstReadAt: Date | null;
  /** The pipeline token or the trusted issuer. */
  pipelineId: string;
};

/** A row of the Secrets tab. */
export type SecretSummary = {
  id: string;
  name: string;
  subKind: SubKind;
  description: string;
  /** The current version. */
  version: number;
  /** The number of connections that reference it. */
  usedBy: number;
  /** The number of rotations that sign in with it, as their administrator’s secret. */
  usedByRotations: number;
  /** How many of these connections are disconnected. */
  failing: number;
  /** True for a secret that Selvage rotates, and while its last rotation failed. */
  isRotated: boolean;
  rotationFails: boolean;
  /** True while a new value waits to be promoted. */
  hasNewValue: boolean;
  /** The number of pipelines that read it in the last `usedForDays` days, and the last time. */
  pipelines: number;
  lastReadAt: Date | null;
  /** When a pipeline last read it, or a check last sent it. */
  lastUsedAt: Date | null;
  metadata: SecretMetadata;
  /** When the current value expires; null for never. */
  expiry: Expiry | null;
  /** The member who takes care of it; null for the Admins. */
  owner: Owner | null;
  createdAt: Date;
  createdByName: string;
  updatedAt: Date;
  updatedByName: string;
};

/** One page of secrets. A cursor is null when no further page exists. */
export type SecretPage = {
  secrets: SecretSummary[];
  next: string | null;
  previous: string | null;
};

/** For how long a replacement can be undone, at least: the purge keeps a former value that long. */
export const undoHours = 24;

/** The most versions, and the most former names, that are read of one secret: the newest. */
export const longestHistory = 100;

/** One version of a secret, for its history. */
export type SecretVersionSummary = {
  version: number;
  createdAt: Date;
  /** The person who entered its value. */
  createdByName: string;
  /** Set for a version whose value was promoted (`from` is null) or brought back from a former version. */
  madeCurrent: { byName: string; from: number | null } | null;
};

/** All public data of a secret. */
export type SecretDetail = SecretSummary & {
  /** Each field, with the version and time that last set it. */
  fields: { field: string; version: number; setAt: Date | null }[];
  versions: SecretVersionSummary[];
  formerNames: { name: string; retiredAt: Date }[];
  /** The first connections that use it, by name, at most `maxShownConnections`; `usedBy` counts all. */
  connections: { id: string; name: string; kind: string }[];
  /** The first secrets whose rotation signs in with it, by name; `usedByRotations` counts all. */
  rotations: { id: string; name: string }[];
  /** The newest of its readers. */
  readers: readonly SecretReader[];
  /** How often pipelines read it on each of the last `shownDays` days, in UTC, oldest first. */
  readsByDay: readonly number[];
  destinations: { id: string; destination: string; createdAt: Date; createdByName: string }[];
  /** The names of the CA certificates that the destinations trust, by `<id>.<version>`. */
  authorities: Record<string, string>;
  isCreator: boolean;
};

/** A moment, which is a string when it came over the network. */
type Moment = Date | string;

/** What uses a secret, for its page and for each dialog that changes the secret. */
export type SecretUsers = Pick<
  SecretDetail,
  "id" | "name" | "version" | "isRotated" | "usedBy" | "usedByRotations" | "rotations"
> & {
  /** When the current version was stored. */
  versionSetAt: Moment;
  connections: readonly UsingConnection<Moment>[];
  readers: readonly (Omit<SecretReader, "lastReadAt" | "firstReadAt"> & {
    lastReadAt: Moment;
    firstReadAt: Moment | null;
  })[];
};

/** When and how often a secret was used, with everything that uses it. */
export type SecretUses = SecretUsers & { lastUsedAt: Moment | null; readsByDay: readonly number[] };

/** A connection that references a secret. */
export type UsingConnection<Time = Date> = {
  id: string;
  name: string;
  kind: string;
  /** The kind as screens call it. */
  kindName: string;
  state: "connected" | "disconnected" | "inactive" | "waiting" | "not_tested";
  /** Why it is disconnected, as a code of a check. */
  code: CheckCode | null;
  /** The newest check that says something about it. */
  checkedAt: Time | null;
};

/** The data that the Replace value form needs. */
export type ReplaceableSecret = SecretUsers &
  Pick<SecretDetail, "subKind" | "authorities"> & {
    fields: { field: string; version: number; setAt: Moment | null }[];
    destinations: { id: string; destination: string; createdAt: Moment; createdByName: string }[];
    expiry: { at: Moment; source: Expiry["source"] } | null;
  };

/** A secret in the picker. */
export type SecretOption = {
  id: string;
  name: string;
  subKind: SubKind;
  usedBy: number;
  usedByRotations: number;
  pipelines: number;
  lastUsedAt: string | null;
  updatedAt: string;
  updatedByName: string;
};
