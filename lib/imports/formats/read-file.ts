import { readCsv } from "@/lib/imports/formats/csv";
import { readEnv } from "@/lib/imports/formats/env";
import { readJson } from "@/lib/imports/formats/json";
import { type ImportFormat, maxImportRows, type ParsedFile, UnreadableFile } from "@/lib/imports/formats/row";
import { readYaml } from "@/lib/imports/formats/yaml";

/**
 * Reads the secrets and connections of a file. Runs where the file is: in the browser, or in the command line.
 * Throws `UnreadableFile`.
 */
export function readFile(text: string, format: ImportFormat, prefix = ""): ParsedFile {
  const file = { env: readEnv, json: readJson, csv: readCsv, yaml: readYaml }[format](text, prefix);
  if (file.rows.length === 0) throw new UnreadableFile("The file contains no secret and no connection.");
  if (file.rows.length > maxImportRows)
    throw new UnreadableFile(
      `The file has ${file.rows.length} rows: at most ${maxImportRows} are imported at once.`,
    );
  return file;
}

const byEnding: readonly [RegExp, ImportFormat][] = [
  [/(^|[./\\])env$|\.env\.[^/\\]+$|^\.env/i, "env"],
  [/\.jsonl?$/i, "json"],
  [/\.(csv|tsv)$/i, "csv"],
  [/\.ya?ml$/i, "yaml"],
];

/** The format of a file, by its name or else by how it begins. */
export function formatOf(fileName: string, text: string): ImportFormat {
  const named = byEnding.find(([ending]) => ending.test(fileName));
  if (named) return named[1];
  const start = text.replace(/^\uFEFF/, "").trimStart();
  if (/^[[{]/.test(start)) return "json";
  const [first = ""] = start.split(/\r?\n/);
  if (/^[^=:]*\bname\b[^=:]*[,;\t]|[,;\t]\s*"?name\b[^=:]*$/i.test(first)) return "csv";
  return /^(#.*\n|\s)*(export\s+)?[\w.-]+\s*=/m.test(start) ? "env" : "yaml";
}

/**
 * The names to look for: one a line, or those of a file that can be imported. Its values, and rows that cannot be
 * read, are left out. Throws `UnreadableFile`.
 */
export function namesIn(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const isList = lines.every((line) => /^[A-Za-z0-9][\w.-]{0,127}$/.test(line.trim()));
  const names = isList
    ? lines.map((line) => line.trim())
    : readFile(text, formatOf("", text)).rows.flatMap((row) => (row.problem === undefined ? [row.name] : []));
  if (names.length === 0) throw new UnreadableFile("No names were found. Write one a line.");
  return [...new Set(names)];
}
