import type { Command } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, manage } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { columns, print } from "@/cli/output";

type Options = { fabric: string; from: string; as?: string[]; secret?: string[]; dryRun?: true };

const planned = z.object({
  connections: z.array(z.object({ name: z.string(), as: z.string(), kind: z.string() })),
  secrets: z.array(z.object({ name: z.string(), use: z.string().nullable() })),
  problems: z.record(z.string(), z.string()),
});
const promoted = z.object({ connections: z.array(z.object({ id: z.string(), name: z.string() })) });

/** Adds the command that takes connections to another fabric, without copying a value. */
export function addPromote(connections: Command): void {
  connections
    .command("promote <connections...>")
    .description("store connections of another fabric in this one; they use secrets that are there")
    .requiredOption("--fabric <fabric>", "name or id of the fabric that gets them")
    .requiredOption("--from <fabric>", "name or id of the fabric that has them")
    .option("--as <name=new-name...>", "another name for a connection")
    .option(
      "--secret <name=other...>",
      "the secret to use for one of the other fabric; without it, the one with the same name",
    )
    .option(
      "--dry-run",
      "say what would be stored, and what stands in the way; exits with 1 if something does",
    )
    .action(promote);
}

async function promote(names: string[], options: Options): Promise<void> {
  const [fabricId, from] = [await findFabric(options.fabric), await findFabric(options.from)];
  const renamed = new Map(pairsOf("--as", options.as));
  const unknown = [...renamed.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Failure("usage", `--as names “${unknown}”, which is not promoted.`);
  const body = {
    from,
    connections: names.map((name) => ({ name, ...(renamed.has(name) ? { as: renamed.get(name) } : {}) })),
    secrets: pairsOf("--secret", options.secret).map(([name, use]) => ({ name, use })),
  };
  const path = `/fabric/${fabricId}/promotion`;
  if (!options.dryRun) {
    const result = await manage("POST", path, promoted, body);
    return print(result, ...result.connections.map(({ name }) => `Promoted ${oneLine(name)}.`));
  }
  const plan = await manage("POST", `${path}/dry-run`, planned, body);
  const rows = [
    ...plan.connections.map(({ name, as }) => ["connection", name, as]),
    ...plan.secrets.map(({ name, use }) => ["secret", name, use ?? "missing"]),
  ];
  const problems = Object.values(plan.problems);
  print(plan, ...columns(["WHAT", "NAME", "BECOMES"], rows), ...problems.map(oneLine));
  // The outcome is already printed. Scripts read the exit code.
  if (problems.length > 0) throw new Failure("failed", "The promotion would store nothing.");
}

/** The pairs of an option such as `--secret dev=prod`. */
function pairsOf(option: string, values: string[] = []): [string, string][] {
  return values.map((value) => {
    const at = value.indexOf("=");
    if (at < 1 || at === value.length - 1)
      throw new Failure("usage", `${option} takes pairs such as name=other, not “${value}”.`);
    return [value.slice(0, at), value.slice(at + 1)];
  });
}
