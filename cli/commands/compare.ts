import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, manage } from "@/cli/management-client";
import { columns, print } from "@/cli/output";
import { namesIn } from "@/lib/imports/formats/read-file";
import { UnreadableFile } from "@/lib/imports/formats/row";

type Options = { fabric: string; with?: string[]; pipeline?: string; namesFrom?: string };

const found = z.object({ type: z.string(), isFormer: z.boolean() }).nullable();
const comparison = z.object({
  fabrics: z.array(z.object({ id: z.string(), name: z.string() })),
  names: z.number(),
  different: z.number(),
  differences: z.array(
    z.object({ noun: z.string(), name: z.string(), expected: z.string().nullable(), found: z.array(found) }),
  ),
});

/** Adds the command that compares names and types, for scripts before a pipeline is deployed elsewhere. */
export function addCompare(secrets: Command): void {
  secrets
    .command("compare [names...]")
    .description("check that fabrics have the same names and types; exits with 1 if one lacks some")
    .requiredOption("--fabric <fabric>", "name or id of the fabric whose names are looked for")
    .option("--with <fabric...>", "names or ids of the fabrics that should have them")
    .option("--pipeline <pipeline>", "only what the pipeline with this name read recently")
    .option(
      "--names-from <path>",
      "a file with names, one a line, or a .env, JSON, CSV or YAML file: only names are sent",
    )
    .action(compare);
}

async function compare(names: string[], options: Options): Promise<void> {
  const listed = [...names, ...(options.namesFrom ? await namesOf(options.namesFrom) : [])];
  const others = options.with ?? [];
  if (listed.length === 0 && others.length === 0)
    throw new Failure("usage", "Choose fabrics with --with, or give names to look for.");
  const fabricId = await findFabric(options.fabric);
  const body = {
    with: await Promise.all(others.map(findFabric)),
    ...(listed.length > 0 ? { names: listed } : {}),
    ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
  };
  const result = await manage("POST", `/fabric/${fabricId}/comparison`, comparison, body);
  const { fabrics, differences, different } = result;
  const rows = differences.map(({ noun, name, expected, found: each }) => [
    noun,
    name,
    expected ?? "",
    ...each.map((one) => (one === null ? "missing" : `${one.type}${one.isFormer ? ", former name" : ""}`)),
  ]);
  const headings = ["NOUN", "NAME", "TYPE", ...fabrics.map(({ name }) => name.toUpperCase())];
  const more = different > rows.length ? [`${different - rows.length} more differences`] : [];
  const same =
    result.names === 1
      ? "The name is there, with the same type."
      : `All ${result.names} names are there, with the same types.`;
  print(result, ...(different === 0 ? [same] : [...columns(headings, rows), ...more]));
  // The outcome is already printed. Scripts read the exit code.
  if (different > 0) throw new Failure("failed", `${different} of ${result.names} names differ.`);
}

async function namesOf(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new Failure("usage", `The file ${path} cannot be read.`);
  });
  try {
    return namesIn(text);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new Failure("usage", error.message);
    throw error;
  }
}
