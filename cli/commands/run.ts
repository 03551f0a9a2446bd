import type { Command } from "commander";
import { Failure } from "@/cli/failure";
import { isMaskable } from "@/cli/mask";
import { runCommand } from "@/cli/run-command";
import { findSecret, pipelineOf, type ReadSecret, requireFabric } from "@/cli/runtime-client";

type Options = { fabric: string; env: string[]; mask: boolean };
type Wanted = { variable: string; reference: string };
type Find = (name: string) => Promise<ReadSecret | undefined>;

/** A string of an environment is no longer, by Linux. */
const mostBytes = 131_071;

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
Example: selvage run --fabric Sales --env PGPASSWORD=warehouse_login.password -- psql -h db.example.com -c "select 1"
The token is that of “selvage login --pipeline”, or SELVAGE_PIPELINE_TOKEN. The code is that of the command; 127 when there is
no such command, 126 when it cannot be run, and 125 when it was not started because something else failed.`,
    )
    .action(run);
}

async function run(command: string[], { fabric, env, mask: isMasked }: Options): Promise<void> {
  const wanted = env.map(parse);
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

function parse(text: string): Wanted {
  const [, variable, reference] = /^([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9][A-Za-z0-9_.-]*)$/.exec(text) ?? [];
  if (variable === undefined || reference === undefined)
    throw new Failure("usage", "--env is NAME=secret, or NAME=secret.field for one field of a secret.");
  return { variable, reference };
}

/** The value that a reference means: a secret of this very name, or else a field of the secret before the last dot. */
async function valueFor({ variable, reference }: Wanted, find: Find): Promise<string> {
  const whole = await find(reference);
  if (whole !== undefined) return inVariable(variable, chosen(variable, reference, whole));
  const [, name, field] =
    /^(.+)\.(value|username|password|clientId|clientSecret|authUrl|scope)$/.exec(reference) ?? [];
  const owner = name === undefined ? undefined : await find(name);
  if (name === undefined || owner === undefined)
    throw new Failure(
      "not_found",
      `There is no secret “${name ?? reference}” in this fabric, or the token may not read it.`,
    );
  return inVariable(variable, chosen(variable, name, owner, field));
}

function chosen(variable: string, name: string, secret: ReadSecret, field?: string): string | Uint8Array {
  const fields = new Map(isFields(secret) ? Object.entries(secret) : []);
  if (!isFields(secret) && (field === undefined || field === "value")) return secret;
  const one = field === undefined ? undefined : fields.get(field);
  if (one !== undefined) return one;
  const known = [...fields.keys()].map((key) => `${variable}=${name}.${key}`).join(", ");
  throw new Failure(
    "usage",
    known ? `${name} has several fields: say ${known}.` : `${name} has no such field.`,
  );
}

function isFields(secret: ReadSecret): secret is Record<string, string> {
  return typeof secret !== "string" && !(secret instanceof Uint8Array);
}

/** The value as the text that a variable can hold. */
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
