import * as z from "zod";
import { createConnectionInput } from "@/lib/connections/schema";
import { postgresText } from "@/lib/db/text";
import { maxImportRows } from "@/lib/imports/formats/row";
import { isSubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import { type CreateSecretInput, createSecretInput } from "@/lib/secrets/schema";

/** A secret to import: as for Add Secret, but with the bytes of a file in base64. */
export const importedSecret = z.preprocess(withBytes, createSecretInput) as z.ZodType<
  CreateSecretInput,
  unknown
>;

const secretNames = z.record(z.string().max(64), z.string().max(128));

/** A connection to import. Each credential names a secret, of the same import or of the fabric. */
export const importedConnection = createConnectionInput
  .pick({ kind: true, name: true, description: true, properties: true })
  .extend({ secretNames });
export type ImportedConnection = z.output<typeof importedConnection>;

const tooMany = `At most ${maxImportRows} rows are imported at once.`;

/** Everything that one import stores, or nothing of it. */
export const importInput = z
  .object({
    secrets: z.array(importedSecret).max(maxImportRows, tooMany),
    connections: z.array(importedConnection).max(maxImportRows, tooMany).default([]),
  })
  .refine(
    ({ secrets, connections }) => secrets.length + connections.length > 0,
    "There is nothing to import.",
  )
  .refine(({ secrets, connections }) => secrets.length + connections.length <= maxImportRows, tooMany);
export type ImportInput = z.output<typeof importInput>;

/** What a dry run sends: names and types, and no value. */
export const dryRunInput = z.object({
  secrets: z
    .array(z.object({ name: postgresText(256), subKind: z.enum(subKinds) }))
    .max(maxImportRows, tooMany),
  connections: z
    .array(z.object({ name: postgresText(256), kind: z.string().max(64), secretNames }))
    .max(maxImportRows, tooMany)
    .default([]),
});
export type DryRunInput = z.output<typeof dryRunInput>;

/**
 * Why rows cannot be imported: a sentence for each, by `secrets.<n>` or `connections.<n>`, counted from 0. The key
 * `all` is about the import as a whole.
 */
export type RowProblems = Readonly<Record<string, string>>;

/** How many secrets and connections an import stored. */
export type Imported = { secrets: number; connections: number };

/** Decodes the value of a type that holds a file. */
function withBytes(input: unknown, ctx: z.core.$RefinementCtx): unknown {
  const secret = z
    .looseObject({ subKind: z.string(), fields: z.looseObject({ value: z.string() }) })
    .safeParse(input);
  if (!secret.success) return input;
  const { subKind, fields } = secret.data;
  if (!isSubKind(subKind) || secretKinds[subKind].shape !== "file") return input;
  const bytes = bytesOf(fields.value);
  if (!bytes)
    ctx.addIssue({ code: "custom", path: ["fields", "value"], message: "This is not base64 (RFC 4648 §4)." });
  return { ...secret.data, fields: { ...fields, value: bytes ?? new Uint8Array(1) } };
}

/** The bytes of a base64 text, in which tools insert line breaks; null for another text. */
function bytesOf(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, "")), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}
