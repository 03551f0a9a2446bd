import type { Command } from "commander";
import { Failure } from "@/cli/failure";
import { isMaskable } from "@/cli/mask";
import { runCommand } from "@/cli/run-command";
import { findSecret, pipelineOf, requireFabric } from "@/cli/runtime-client";
import { type Find, parseReference, type Reference, readReference } from "@/cli/secret-reference";

type Options = { fabric: string; env: string[]; mask: boolean };

/** Linux limits one environment string to this many bytes. */
const mostBytes = 131_071;

export function addRun(program: Command): void {
  program
    .command("run")
    .description("run a command with secrets of a fabric in its environment")
    .requiredOption("--fabric <fabric>", "name or id of the fabric that the token is for")
    .requiredOption(
      "--env <NAME=secret#field...>",
      "give the value of a secret, or of one of its fields where it has several, to the command as NAME",
    )
    .option("--no-mask", "leave the command's output alone; needed where it draws on the terminal")
    .argument("<command...>", "what to run, after --")
    .addHelpText(
      "after",
      `
Example: selvage run --fabric Sales --env PGPASSWORD=warehouse_login#password -- psql -h db.example.com -c "select 1"
Names of secrets can contain dots. NAME=secret.field is read too, where only one of the two readings exists, and costs a look-up
of both. NAME=secret#value is the secret itself where it is a Text or a Binary, whatever its name looks like.
The token is that of “selvage login --pipeline”, or SELVAGE_PIPELINE_TOKEN: a pipeline token, or a token of an issuer that the
fabric trusts. Automate first says whose it is (GET /v1/whoami), and nothing is read with a token for another fabric.
The code is that of the command; 127 when there is no such command, 126 when it cannot be run, and 125 when it was not started
because something else failed.`,
    )
    .action(run);
}

async function run(command: string[], { fabric, env, mask: isMasked }: Options): Promise<void> {
  const wanted = env.map(parseReference);
  const pipeline = pipelineOf(fabric);
  await requireFabric(pipeline);
  const found = new Map<string, ReturnType<Find>>();
  const find: Find = (name) => {
    const known = found.get(name) ?? findSecret(pipeline, name);
    found.set(name, known);
    return known;
  };
  const values = Object.fromEntries(
    await Promise.all(wanted.map(async (one) => [one.variable, await valueFor(one, find)] as const)),
  );
  if (isMasked) warn(values);
  process.exitCode = await runCommand(command, values, { isMasked });
}

function warn(values: Readonly<Record<string, string>>): void {
  if (process.stdin.isTTY && process.stdout.isTTY)
    process.stderr.write("Output is masked, so the command sees no terminal; --no-mask gives it one.\n");
  for (const [variable, value] of Object.entries(values))
    if (value !== "" && !isMaskable(value))
      process.stderr.write(
        `${variable} is too short to be masked: it is shown wherever the command tells it.\n`,
      );
}

async function valueFor(reference: Reference, find: Find): Promise<string> {
  return inVariable(reference.variable, await readReference(reference, find));
}

/** The value as text for an environment variable. */
function inVariable(variable: string, value: string | Uint8Array): string {
  const text = typeof value === "string" ? value : decode(variable, value);
  if (text.includes("\0"))
    throw new Failure("usage", `${variable}: the value holds a zero byte, which no variable can.`);
  if (Buffer.byteLength(`${variable}=${text}`) > mostBytes)
    throw new Failure("usage", `${variable}: the value is too large for a variable.`);
  return text;
}

function decode(variable: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(
      "usage",
      `${variable}: the file is not text in UTF-8, and a variable holds text alone.`,
    );
  }
}
