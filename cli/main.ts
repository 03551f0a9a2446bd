import { Command, CommanderError } from "commander";
import { addCompletion } from "@/cli/commands/completion";
import { addConnections } from "@/cli/commands/connections";
import { addLogin } from "@/cli/commands/login";
import { addRun } from "@/cli/commands/run";
import { addSecrets } from "@/cli/commands/secrets";
import { exitCodes, Failure } from "@/cli/failure";
import { isToldAsJson, tellAsJson, tellFailure } from "@/cli/output";
import { version } from "@/package.json";

// Node would open its debugger, and with it whatever is in memory, to the machine.
process.on("SIGUSR1", () => {});
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // Nobody reads any more, which is no failure.
    if (error.code !== "EPIPE") throw error;
  });

const own = process.argv.slice(2);
if ((own.includes("--") ? own.slice(0, own.indexOf("--")) : own).includes("--json")) tellAsJson();
const unlessJson = (text: string) => void (isToldAsJson() || process.stderr.write(text));

const program = new Command("selvage")
  .description("Secrets and connections of a fabric, from the command line.")
  .version(version)
  .option("--json", "tell everything as JSON")
  .exitOverride()
  .configureOutput({ writeErr: unlessJson, outputError: unlessJson })
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Values are read from standard input, a file, or a prompt without echo; never from an argument.
SELVAGE_URL, SELVAGE_TOKEN, SELVAGE_AUTOMATE_URL and SELVAGE_PIPELINE_TOKEN stand in for what login stores.
Exit codes: ${Object.entries(exitCodes)
      .map(([name, code]) => `${code} ${name.replaceAll("_", " ")}`)
      .join(", ")}; of run, that of its command, or 125 when run itself failed.`,
  );
addLogin(program);
addSecrets(program);
addConnections(program);
addRun(program);
addCompletion(program);
takeJson(program);

try {
  await program.parseAsync();
} catch (error) {
  const code = failedWith(error);
  // A command's own code may be any of the others: as with env and docker, 125 is ours.
  process.exitCode = code !== 0 && program.args[0] === "run" ? 125 : code;
}

/** Tells what went wrong, unless Commander has; help and version are no failures. */
function failedWith(error: unknown): number {
  if (!(error instanceof CommanderError)) return tellFailure(error);
  if (error.exitCode === 0) return 0;
  if (!isToldAsJson()) return exitCodes.usage;
  const isHelp = error.code === "commander.help";
  return tellFailure(
    new Failure(
      "usage",
      isHelp ? "Say which command: --help lists them." : error.message.replace(/^error: /, ""),
    ),
  );
}

/** `--json` is taken after a command too; what `run` prints is the command's own. */
function takeJson(command: Command): void {
  for (const one of command.commands) {
    if (one.name() !== "run") one.option("--json", "tell it as JSON");
    takeJson(one);
  }
}
