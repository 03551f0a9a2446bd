import type * as z from "zod";
import { type FileRow, type ImportFormat, UnreadableFile } from "@/lib/imports/formats/row";
import type { DryRunInput, importInput } from "@/lib/imports/schema";
import { issueText } from "@/lib/issue-text";
import { secretKinds } from "@/lib/secrets/kinds/registry";

/** How a person wants a file to be read: which rows stay out, and other names for some, by the row's number. */
export type Choices = {
  format: ImportFormat | null;
  prefix: string;
  names: Readonly<Record<number, string>>;
  left: ReadonlySet<number>;
};

/** The name of a file that holds pasted text. */
export const pastedName = "pasted";

/** A row as the page shows it. It holds no value. */
export type ShownRow = {
  at: number;
  place: string;
  noun: "secret" | "connection";
  name: string;
  /** The label of its type, or the name of its kind. */
  type: string;
  problem: string | null;
  /** True for a row that another name does not correct. */
  isUnreadable: boolean;
};

/** A file as the page shows it, and what a dry run sends. `order` has the row of each entry of `outline`. */
export type ShownFile = {
  format: ImportFormat;
  rows: readonly ShownRow[];
  notes: readonly string[];
  outline: DryRunInput;
  order: { secrets: readonly number[]; connections: readonly number[] };
};

/** Reads a file and judges each row. Keeps no value. Throws `UnreadableFile`. */
export async function showFile(file: File, choices: Choices): Promise<ShownFile> {
  const { rows, notes, format } = await read(file, choices);
  const { importedConnection, importedSecret } = await import("@/lib/imports/schema");
  const { kindNames } = await import("@/lib/connectors/registry");
  const kinds = kindNames();
  const shown = rows.map((row, at): ShownRow => {
    const schema = row.noun === "secret" ? importedSecret : importedConnection;
    const issue = schema.safeParse(row, { error: issueText }).error?.issues[0];
    const problem = row.problem ?? (issue ? problemOf(issue) : null);
    const type = row.noun === "secret" ? secretKinds[row.subKind].label : (kinds[row.kind] ?? row.kind);
    const isUnreadable = row.problem !== undefined || (issue !== undefined && issue.path[0] !== "name");
    return { at, place: row.place, noun: row.noun, name: row.name, type, problem, isUnreadable };
  });
  const sent = rows.flatMap((row, at) =>
    shown[at]?.problem === null && !choices.left.has(at) ? [{ row, at }] : [],
  );
  const outline: DryRunInput = { secrets: [], connections: [] };
  const order: { secrets: number[]; connections: number[] } = { secrets: [], connections: [] };
  for (const { row, at } of sent) {
    if (row.noun === "secret") {
      outline.secrets.push({ name: row.name, subKind: row.subKind });
      order.secrets.push(at);
    } else {
      const { name, kind, secretNames } = row;
      outline.connections.push({ name, kind, secretNames });
      order.connections.push(at);
    }
  }
  return { format, rows: shown, notes, outline, order };
}

/** The sentence about a row, with the field that it is about, if that is not its name. */
function problemOf({ path, message }: z.core.$ZodIssue): string {
  const [member, field] = path;
  return member === "fields" && field !== undefined ? `${String(field)}: ${message}` : message;
}

/** Reads the file again, for the import itself: the rows that the page showed without a problem, with their values. */
export async function importOf(
  file: File,
  choices: Choices,
  shown: ShownFile,
): Promise<z.input<typeof importInput>> {
  const { rows } = await read(file, choices);
  const chosen = (numbers: readonly number[]) => numbers.flatMap((at) => rows[at] ?? []);
  return {
    secrets: chosen(shown.order.secrets).flatMap((row) => {
      if (row.noun !== "secret") return [];
      const { name, subKind, description, fields, fileName } = row;
      return [{ name, subKind, description, fields, ...(fileName ? { fileName } : {}) }];
    }),
    connections: chosen(shown.order.connections).flatMap((row) => {
      if (row.noun !== "connection") return [];
      const { name, kind, description, properties, secretNames } = row;
      return [{ name, kind, description, properties: { ...properties }, secretNames: { ...secretNames } }];
    }),
  };
}

/** The readers are loaded when a file was chosen: no other page needs them. */
async function read(file: File, { format: chosen, prefix, names }: Choices) {
  const { formatOf, readFile } = await import("@/lib/imports/formats/read-file");
  const text = await textOf(file);
  const format = chosen ?? formatOf(file.name, text);
  const { rows, notes } = readFile(text, format, prefix);
  const named = rows.map((row, at): FileRow => (names[at] === undefined ? row : { ...row, name: names[at] }));
  return { rows: named, notes, format };
}

async function textOf(file: File): Promise<string> {
  const bytes = await file.arrayBuffer().catch(() => {
    throw new UnreadableFile("The file cannot be read. If it changed on disk, choose it again.");
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile("The file is not UTF-8 text.");
  }
}
