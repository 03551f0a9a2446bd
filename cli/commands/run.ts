import type { Command } from "commander";
import { Failure } from "@/cli/failure";
import { isMaskable } from "@/cli/mask";
import { runCommand } from "@/cli/run-command";
import { findSecret, pipelineOf, requireFabric } from "@/cli/runtime-client";
import { type Find, parseReference, type Reference, readReference } from "@/cli/secret-reference";

type Options = { fabric: string; env: string[]; mask: boolean };

/** Linux limits one environment string to this many bytes. */
const maxBytes = 131_071;

export function addRun(program: Command): void {
  program
    .command("run")
    .description("run a command with secrets of a fabric in its environment")
    .requiredOption("--fabric <fabric>", "name or id of the fabric that the token is for")
    .requiredOption(
      "--env <NAME=secret#field...>",
      "pass the value of a secret, or of one field, to the command as NAME",
    )
    .option("--no-mask", "do not mask the output; needed for commands that use the terminal")
    .argument("<command...>", "the command, after --")
    .addHelpText(
      "after",
      `
Example: selvage run --fabric Sales --env PGPASSWORD=warehouse_login#password -- psql -h db.example.com -c "select 1"
Names of secrets can contain dots. The older form NAME=secret.field is accepted if only one of its two readings exists. It looks up both.
NAME=secret#value is the value of a Text or a Binary secret, whatever its name is.
The token comes from “selvage login --pipeline” or SELVAGE_PIPELINE_TOKEN: a pipeline token, or a token of a trusted issuer.
First, run asks Automate for the fabric of the token (GET /v1/whoami). It reads nothing with a token for another fabric.
The exit code is that of the command; 127 if the command is not found, 126 if it cannot be executed, and 125 if run itself failed.`,
    )
    .action(run);
}

async function run(command: string[], { fabric, env, mask: isMasked }: Options): Promise<void> {
  const references = env.map(parseReference);
  const pipeline = pipelineOf(fabric);
  await requireFabric(pipeline);
  const cache = new Map<string, ReturnType<Find>>();
  const find: Find = (name) => {
    const cached = cache.get(name) ?? findSecret(pipeline, name);
    cache.set(name, cached);
    return cached;
  };
  const values = Object.fromEntries(
    await Promise.all(references.map(async (one) => [one.variable, await valueFor(one, find)] as const)),
  );
  if (isMasked) warn(values);
  process.exitCode = await runCommand(command, values, { isMasked });
}

function warn(values: Readonly<Record<string, string>>): void {
  if (process.stdin.isTTY && process.stdout.isTTY)
    process.stderr.write(
      "Output is masked, so the command has no terminal. To give it one, use --no-mask.\n",
    );
  for (const [variable, value] of Object.entries(values))
    if (value !== "" && !isMaskable(value))
      process.stderr.write(
        `${variable} is too short to be masked: it appears wherever the command prints it.\n`,
      );
}

async function valueFor(reference: Reference, find: Find): Promise<string> {
  return inVariable(reference.variable, await readReference(reference, find));
}

/** The value as text for an environment variable. */
function inVariable(variable: string, value: string | Uint8Array): string {
  const text = typeof value === "string" ? value : decode(variable, value);
  if (text.includes("\0"))
    throw new Failure(
      "usage",
      `${variable}: the value contains a zero byte, which an environment variable cannot hold.`,
    );
  if (Buffer.byteLength(`${variable}=${text}`) > maxBytes)
    throw new Failure("usage", `${variable}: the value is too large for an environment variable.`);
  return text;
}

function decode(variable: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(
      "usage",
      `${variable}: the file is not UTF-8 text, which an environment variable requires.`,
    );
  }
}
