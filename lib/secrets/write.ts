import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { AuditEntry } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { expiryOf, never } from "@/lib/expiry/schema";
import { fail, NotFound } from "@/lib/result";
import { secretKinds } from "@/lib/secrets/kinds/registry";
import { expiryOfFields, metadataOfAuthUrl, metadataOfFile } from "@/lib/secrets/metadata";
import type { CreateSecretInput, ReplaceSecretInput, SecretMetadata } from "@/lib/secrets/schema";

/** The proof that its actor may write secrets of the fabric. */
export type Writer = Scope<"secret:write">;

/** The proof that its actor may store a value: a person who may write secrets, or an entry link. */
export type ValueWriter = Writer | Scope<"entry-link:use">;

/** The parts of an input that a write of a value needs. */
type Value = Pick<CreateSecretInput | ReplaceSecretInput, "subKind" | "fields"> & {
  fileName?: string | undefined;
};

type LockedSecret = {
  id: string;
  name: string;
  description: string;
  subKind: string;
  createdById: string;
  updatedAt: Date;
  expiresAt: Date;
  expirySource: string;
};

/**
 * Reads a secret and locks it until the transaction ends. Deletes, replaces and new references wait for one
 * another.
 */
export async function lockSecret(tx: Tx, scope: Pick<Writer, "fabricId">, secretId: string) {
  const [secret] = await tx.$queryRaw<LockedSecret[]>`
    SELECT id, name, description, "subKind", "createdById", "updatedAt", "expiresAt", "expirySource" FROM secret
    WHERE id = ${secretId} AND "fabricId" = ${scope.fabricId} AND "deletedAt" IS NULL FOR UPDATE`;
  if (!secret) throw new NotFound("Secret not found.");
  return secret;
}

/** The metadata of a new value. Falls back to `former` when the input does not change it. */
export function metadataOf(value: Value, former: SecretMetadata): SecretMetadata {
  const { expiry: formerExpiry, ...others } = former;
  const fields: Readonly<Record<string, string | Uint8Array | null | undefined>> = value.fields;
  const kept = formerExpiry && fields[formerExpiry.field] === undefined ? formerExpiry : undefined;
  const found = expiryOfFields(fields);
  const expiry = kept && found && kept.at < found.at ? kept : (found ?? kept);
  return { ...factsOf(value, others), ...(expiry ? { expiry } : {}) };
}

/**
 * The columns that say when a value expires: the entered date, or the one that the value carries.
 */
export function expiryColumns(
  { expiry }: Pick<SecretMetadata, "expiry">,
  entered: Date | string | null | undefined,
): { expiresAt: Date; expirySource: string } {
  if (entered) return { expiresAt: new Date(entered), expirySource: "entered" };
  const carried = expiry && expiryOf(new Date(expiry.at), expiry.source);
  return carried
    ? { expiresAt: carried.at, expirySource: carried.source }
    : { expiresAt: never, expirySource: "" };
}

function factsOf({ subKind, fields, fileName }: Value, former: SecretMetadata): SecretMetadata {
  if ("value" in fields && fields.value instanceof Uint8Array) return metadataOfFile(fields.value, fileName);
  if (secretKinds[subKind].givesTokens && "authUrl" in fields && fields.authUrl !== undefined)
    return metadataOfAuthUrl(fields.authUrl);
  return former;
}

/** Returns the failure for a file over this installation's limit, or undefined. */
export function fileTooLarge({ fields }: Pick<Value, "fields">) {
  const maxBytes = webEnv().MAX_SECRET_BYTES;
  const isTooLarge =
    "value" in fields && fields.value instanceof Uint8Array && fields.value.length > maxBytes;
  return isTooLarge
    ? fail("too_large", { "fields.value": `The file is larger than ${Math.floor(maxBytes / 1024)} KiB.` })
    : undefined;
}

/** Maps each sealed field to `version`. */
export function manifestFor(sealed: readonly { field: string }[], version: number): Record<string, number> {
  return Object.fromEntries(sealed.map(({ field }) => [field, version]));
}

/** The columns that record who changed a row, and when. */
export function editor({ actor }: Pick<Writer, "actor">) {
  return { updatedAt: new Date(), updatedById: actor.id, updatedByName: actor.name };
}

/** The audit event of an act on a secret. */
export function entry(
  { actor, teamId, fabricId }: Pick<Writer, "actor" | "teamId" | "fabricId">,
  action: AuditEntry["action"],
  { id, name }: { id: string; name: string },
  details: AuditEntry["details"] = {},
): AuditEntry {
  return { actor, teamId, fabricId, action, object: { kind: "secret", id, name }, details };
}
