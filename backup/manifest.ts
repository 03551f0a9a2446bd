import * as z from "zod";

export const manifestFile = "manifest.json";
export const signatureFile = "manifest.jws";
/** Rises when an earlier program could not restore the files. */
export const backupFormat = 1;

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
// Become part of statements and paths.
const identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/** One table: its rows in Postgres' text format, compressed by gzip. */
const tableSchema = z.object({
  name: identifier,
  columns: z.array(identifier).min(1),
  rows: count,
  file: z.string().regex(/^[a-z0-9_]+\.copy\.gz$/),
  bytes: count,
  sha256,
});
export type BackupTable = z.infer<typeof tableSchema>;

/** A master key that wraps fabric keys of the backup. */
const masterKeySchema = z.object({
  fingerprint: z.string(),
  /** The label and provider that automate last reported, or "". */
  label: z.string(),
  provider: z.string(),
  fabricKeys: count,
});

/** Describes a backup. Automate signs its digest, so that nobody can change it or its files unnoticed. */
export const manifestSchema = z.object({
  format: z.number().int(),
  id: z.uuid(),
  takenAt: z.iso.datetime(),
  programVersion: z.string(),
  /** The migrations of the database, in order. A restore applies exactly these before it fills the tables. */
  migrations: z.array(z.string()).min(1),
  masterKeys: z.array(masterKeySchema),
  fabrics: count,
  values: count,
  tables: z.array(tableSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;
