import { readFile as readBytes } from "node:fs/promises";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Command, Option } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, manage } from "@/cli/management-client";
import { columns, print } from "@/cli/output";
import { formatOf, readFile } from "@/lib/imports/formats/read-file";
import {
  type FileRow,
  type ImportFormat,
  importFormatKeys,
  type ParsedFile,
  type SecretRow,
  UnreadableFile,
} from "@/lib/imports/formats/row";
import { newValue, secretKinds } from "@/lib/secrets/kinds/registry";

type Options = {
  fabric: string;
  format?: ImportFormat;
  prefix: string;
  dryRun?: true;
  leaveOutProblems?: true;
};
type Problem = { place: string; name: string; problem: string };

const dryRunAnswer = z.object({ problems: z.record(z.string(), z.string()) });
const importAnswer = z.object({ secrets: z.number(), connections: z.number() });

/** Adds the command that imports the secrets and connections of a file. */
export function addImport(secrets: Command): void {
  secrets
    .command("import <path>")
    .description("import a .env, JSON, CSV, YAML or Vault file: all rows, or none; - reads standard input")
    .requiredOption("--fabric <fabric>", "name or id of the fabric")
    .addOption(new Option("--format <format>", "found by the name if not given").choices(importFormatKeys))
    .option("--prefix <text>", "what each name begins with", "")
    .option("--dry-run", "send names and types alone, and import nothing")
    .option("--leave-out-problems", "import the other rows when some have a problem")
    .action(importFile);
}

async function importFile(path: string, options: Options): Promise<void> {
  const { rows, notes } = await readRows(path, options);
  const fabricId = await findFabric(options.fabric);
  const ownProblems = rows.map(problemOf);
  const sent = partsOf(rows.filter((_, at) => ownProblems[at] === null));
  const { problems: found } = await manage(
    "POST",
    `/fabric/${fabricId}/import/dry-run`,
    dryRunAnswer,
    outlineOf(sent),
  );
  if (found.all) throw new Failure("conflict", found.all);
  const refused = new Map<FileRow, string>();
  for (const list of ["secrets", "connections"] as const)
    for (const [at, row] of sent[list].entries()) {
      const problem = found[`${list}.${at}`];
      if (problem !== undefined) refused.set(row, problem);
    }
  const problems = rows.flatMap((row, at): Problem[] => {
    const problem = ownProblems[at] ?? refused.get(row);
    return problem ? [{ place: row.place, name: row.name, problem }] : [];
  });
  const rest = partsOf([...sent.secrets, ...sent.connections].filter((row) => !refused.has(row)));
  const counts = { secrets: rest.secrets.length, connections: rest.connections.length };
  const lines = [...notes, ...problemLines(problems)];
  const isStopped = problems.length > 0 && !options.leaveOutProblems;
  if (options.dryRun || isStopped || counts.secrets + counts.connections === 0) {
    print({ ...counts, problems, imported: false }, ...lines, `${countText(counts)} can be imported.`);
    if (problems.length > 0 && (isStopped || !options.dryRun))
      throw new Failure("failed", "Nothing was imported. --leave-out-problems imports the other rows.");
    return;
  }
  const stored = await manage("POST", `/fabric/${fabricId}/import`, importAnswer, bodyOf(rest));
  print({ ...stored, problems, imported: true }, ...lines, `Imported ${countText(stored)}.`);
}

async function readRows(path: string, { format, prefix }: Options): Promise<ParsedFile> {
  const bytes = await (path === "-" ? buffer(process.stdin) : readBytes(path)).catch(() => {
    throw new Failure("usage", `The file ${path} cannot be read.`);
  });
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return readFile(text, format ?? formatOf(path === "-" ? "" : basename(path), text), prefix);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new Failure("usage", error.message);
    if (error instanceof TypeError) throw new Failure("usage", "The file is not UTF-8 text.");
    throw error;
  }
}

/** The faults of a row that its own content shows. */
function problemOf(row: FileRow): string | null {
  if (row.problem !== undefined || row.noun === "connection") return row.problem ?? null;
  const { subKind, fields } = row;
  const isFile = secretKinds[subKind].shape === "file";
  const value = isFile ? { value: Buffer.from(fields.value ?? "", "base64") } : fields;
  return newValue(subKind).safeParse(value).error?.issues[0]?.message ?? null;
}

type Parts = { secrets: SecretRow[]; connections: Extract<FileRow, { noun: "connection" }>[] };

function partsOf(rows: readonly FileRow[]): Parts {
  return {
    secrets: rows.filter((row) => row.noun === "secret"),
    connections: rows.filter((row) => row.noun === "connection"),
  };
}

function outlineOf({ secrets, connections }: Parts) {
  return {
    secrets: secrets.map(({ name, subKind }) => ({ name, subKind })),
    connections: connections.map(({ name, kind, secretNames }) => ({ name, kind, secretNames })),
  };
}

function bodyOf({ secrets, connections }: Parts) {
  return {
    secrets: secrets.map(({ name, subKind, description, fields, fileName }) => ({
      kind: "prophecy",
      subKind,
      description,
      properties: {
        name,
        value: secretKinds[subKind].shape === "fields" ? fields : fields.value,
        ...(fileName ? { fileName } : {}),
      },
    })),
    connections: connections.map(({ name, kind, description, properties, secretNames }) => ({
      name,
      kind,
      description,
      properties,
      secretNames,
    })),
  };
}

function problemLines(problems: readonly Problem[]): string[] {
  const rows = problems.map(({ place, name, problem }) => [place, name, problem]);
  return rows.length === 0 ? [] : columns(["PLACE", "NAME", "PROBLEM"], rows);
}

/** "17 secrets and 1 connection". */
function countText({ secrets, connections }: { secrets: number; connections: number }): string {
  const some = (count: number, noun: string) => `${count} ${count === 1 ? noun : `${noun}s`}`;
  return connections === 0
    ? some(secrets, "secret")
    : `${some(secrets, "secret")} and ${some(connections, "connection")}`;
}
