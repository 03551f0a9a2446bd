import { Command, CommanderError } from "commander";
import { addActivity } from "@/cli/commands/activity";
import { addCompletion } from "@/cli/commands/completion";
import { addConnections } from "@/cli/commands/connections";
import { addLogin } from "@/cli/commands/login";
import { addRun } from "@/cli/commands/run";
import { addSecrets } from "@/cli/commands/secrets";
import { addTrash } from "@/cli/commands/trash";
import { addUpdate } from "@/cli/commands/update";
import { exitCodes, Failure } from "@/cli/failure";
import { isJsonOutput, printAsJson, printFailure } from "@/cli/output";
import { version } from "@/package.json";

// On SIGUSR1 Node.js would open its debugger, and other processes on this machine could read secrets from
// memory.
process.on("SIGUSR1", () => {});
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // The reader closed the pipe, which is not a failure.
    if (error.code !== "EPIPE") throw error;
  });

const own = process.argv.slice(2);
if ((own.includes("--") ? own.slice(0, own.indexOf("--")) : own).includes("--json")) printAsJson();
const writeUnlessJson = (text: string) => void (isJsonOutput() || process.stderr.write(text));

const program = new Command("selvage")
  .description("Secrets and connections of a fabric, from the command line.")
  .version(version)
  .option("--json", "print everything as JSON")
  .exitOverride()
  .configureOutput({ writeErr: writeUnlessJson, outputError: writeUnlessJson })
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Values are read from standard input, a file, or a prompt without echo; never from an argument.
SELVAGE_URL, SELVAGE_TOKEN, SELVAGE_AUTOMATE_URL and SELVAGE_PIPELINE_TOKEN replace the settings that login stores.
Exit codes: ${Object.entries(exitCodes)
      .map(([name, code]) => `${code} ${name.replaceAll("_", " ")}`)
      .join(", ")}; run exits with the code of its command, or 125 if run itself failed.`,
  );
addLogin(program);
addSecrets(program);
addConnections(program);
addTrash(program);
addActivity(program);
addRun(program);
addUpdate(program);
addCompletion(program);
addJsonOption(program);

try {
  await program.parseAsync();
} catch (error) {
  const code = failedWith(error);
  // The command that `run` runs can use every other code. As in env and docker, 125 means that `run` itself
  // failed.
  process.exitCode = code !== 0 && program.args[0] === "run" ? 125 : code;
}

/** Prints an error unless Commander already has. Help and version are not errors. */
function failedWith(error: unknown): number {
  if (!(error instanceof CommanderError)) return printFailure(error);
  if (error.exitCode === 0) return 0;
  if (!isJsonOutput()) return exitCodes.usage;
  const isHelp = error.code === "commander.help";
  return printFailure(
    new Failure(
      "usage",
      isHelp ? "Choose a command: --help lists them." : error.message.replace(/^error: /, ""),
    ),
  );
}

/** Accepts `--json` after each command as well, except `run`: its output is the command's own. */
function addJsonOption(command: Command): void {
  for (const one of command.commands) {
    if (one.name() !== "run") one.option("--json", "print as JSON");
    addJsonOption(one);
  }
}
