import type { SubKind } from "@/lib/secrets/kinds/registry";

/** A secret of a file, with its values as texts by field; a file's bytes in base64. */
export type SecretRow = {
  noun: "secret";
  /** Where it is in the file, such as "Line 3". */
  place: string;
  name: string;
  subKind: SubKind;
  description: string;
  fields: Readonly<Record<string, string>>;
  /** The name of an uploaded file. */
  fileName?: string;
  /** Why it cannot be imported as it stands in the file. Never repeats a value. */
  problem?: string;
};

/** A connection of a file. Its secrets are named, never contained. */
export type ConnectionRow = {
  noun: "connection";
  place: string;
  name: string;
  kind: string;
  description: string;
  /** The plain properties. */
  properties: Readonly<Record<string, unknown>>;
  /** The name of the secret in each credential field. */
  secretNames: Readonly<Record<string, string>>;
  problem?: string;
};

export type FileRow = SecretRow | ConnectionRow;

/** The formats of files to import, with their names on screens. */
export const importFormats = {
  env: ".env",
  json: "JSON, also of Vault",
  csv: "CSV",
  yaml: "YAML, also connections.yaml",
} as const;
export type ImportFormat = keyof typeof importFormats;
export const importFormatKeys = Object.keys(importFormats) as ImportFormat[];

/** The most rows of one import. */
export const maxImportRows = 1_000;

/** What a file contains. `notes` say what was left out or changed, without values. */
export type ParsedFile = { rows: readonly FileRow[]; notes: readonly string[] };

/** A file that cannot be read at all. The message never repeats its content. */
export class UnreadableFile extends Error {
  override name = "UnreadableFile";
}

/** A row of a secret; `problem` is left out when there is none. */
export function secretRow(
  place: string,
  name: string,
  { subKind = "text", description = "", fields = {}, fileName, problem }: Partial<SecretRow> = {},
): SecretRow {
  return {
    noun: "secret",
    place,
    name,
    subKind,
    description,
    fields,
    ...(fileName ? { fileName } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
}
