import { Command, CommanderError } from "commander";
import { addCompletion } from "@/cli/commands/completion";
import { addConnections } from "@/cli/commands/connections";
import { addLogin } from "@/cli/commands/login";
import { addRun } from "@/cli/commands/run";
import { addSecrets } from "@/cli/commands/secrets";
import { exitCodes } from "@/cli/failure";
import { tellAsJson, tellFailure } from "@/cli/output";

const program = new Command("selvage")
  .description("Secrets and connections of a fabric, from the command line.")
  .option("--json", "tell everything as JSON")
  .exitOverride()
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Values are read from standard input, a file, or a prompt without echo; never from an argument.
SELVAGE_URL, SELVAGE_TOKEN, SELVAGE_AUTOMATE_URL and SELVAGE_PIPELINE_TOKEN stand in for what login stores.
Exit codes: ${Object.entries(exitCodes)
      .map(([name, code]) => `${code} ${name.replaceAll("_", " ")}`)
      .join(", ")}.`,
  )
  .hook("preAction", (_program, action) => {
    if (action.optsWithGlobals().json) tellAsJson();
  });
addLogin(program);
addSecrets(program);
addConnections(program);
addRun(program);
addCompletion(program);
takeJson(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told what was wrong with the words; help and version are no failures.
  const isTold = error instanceof CommanderError;
  process.exitCode = isTold ? (error.exitCode === 0 ? 0 : exitCodes.usage) : tellFailure(error);
}

/** `--json` is taken after a command too; what `run` prints is the command's own. */
function takeJson(command: Command): void {
  for (const one of command.commands) {
    if (one.name() !== "run") one.option("--json", "tell it as JSON");
    takeJson(one);
  }
}
