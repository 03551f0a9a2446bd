import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "commander";
import { Failure } from "@/cli/failure";
import { createMask } from "@/cli/mask";
import { fetchSecrets, pipelineOf } from "@/cli/runtime-client";

type Options = { fabric: string; env: string[]; mask: boolean };
type Wanted = { variable: string; name: string; field: string | undefined };

export function addRun(program: Command): void {
  program
    .command("run")
    .description("run a command with secrets of a fabric in its environment")
    .requiredOption("--fabric <fabric>", "the fabric whose pipeline token is used")
    .requiredOption(
      "--env <NAME=secret.field...>",
      "give the value of a secret, or of one of its fields where it has several, to the command as NAME",
    )
    .option("--no-mask", "leave the command's output alone; needed where it draws on the terminal")
    .argument("<command...>", "what to run, after --")
    .addHelpText(
      "after",
      `
Example: selvage run --fabric Sales --env PGPASSWORD=warehouse_login.password -- psql -h db.example.com
The token is that of “selvage login --pipeline”, or SELVAGE_PIPELINE_TOKEN. The code is that of the command.`,
    )
    .action(run);
}

async function run(command: string[], { fabric, env, mask }: Options): Promise<void> {
  const wanted = env.map(parse);
  const secrets = await fetchSecrets(pipelineOf(fabric), [...new Set(wanted.map(({ name }) => name))]);
  const values = wanted.map((one): [string, string] => [
    one.variable,
    chosenValue(one, secrets.get(one.name)),
  ]);
  process.exitCode = await spawnWith(command, Object.fromEntries(values), mask);
}

function parse(text: string): Wanted {
  const [, variable, name, field] =
    /^([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9][A-Za-z0-9_.-]*?)(?:\.(value|username|password|clientId|clientSecret|authUrl|scope))?$/.exec(
      text,
    ) ?? [];
  if (variable === undefined || name === undefined)
    throw new Failure("usage", "--env is NAME=secret, or NAME=secret.field for one field of a secret.");
  return { variable, name, field };
}

function chosenValue({ variable, name, field }: Wanted, value: unknown): string {
  if (typeof value === "string" && (field === undefined || field === "value")) return value;
  const fields = typeof value === "object" && value !== null ? new Map(Object.entries(value)) : new Map();
  const one = field === undefined ? undefined : fields.get(field);
  if (typeof one === "string") return one;
  const known = [...fields.keys()].map((key) => `${variable}=${name}.${key}`).join(", ");
  throw new Failure(
    "usage",
    known ? `${name} has several fields: say ${known}.` : `${name} has no such field.`,
  );
}

/** Runs the command to its end; the values go into its environment and no further, and our own tokens do not. */
function spawnWith(
  [file = "", ...args]: string[],
  values: Record<string, string>,
  mask: boolean,
): Promise<number> {
  const { SELVAGE_TOKEN: _token, SELVAGE_PIPELINE_TOKEN: _pipeline, ...rest } = process.env;
  const child = spawn(file, args, {
    env: { ...rest, ...values },
    stdio: ["inherit", mask ? "pipe" : "inherit", mask ? "pipe" : "inherit"],
  });
  const secret = Object.values(values);
  child.stdout?.pipe(createMask(secret)).pipe(process.stdout);
  child.stderr?.pipe(createMask(secret)).pipe(process.stderr);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      // As a shell does: 127 for a command that is not there, 126 for one that cannot be run.
      const isMissing = error.code === "ENOENT";
      process.stderr.write(`${file}: ${isMissing ? "there is no such command" : "it cannot be run"}\n`);
      resolve(isMissing ? 127 : 126);
    });
    child.once("close", (code, signal) => {
      if (code !== null) resolve(code);
      else if (signal !== null) resolve(128 + constants.signals[signal]);
      else reject(new Failure("failed", "The command ended in no known way."));
    });
  });
}
