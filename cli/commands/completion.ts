import { realpathSync } from "node:fs";
import { Argument, type Command } from "commander";
import { offerWords } from "@/cli/offer-words";
import { quotedFor, splitLine } from "@/cli/shell-line";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** How long completion waits for the APIs. */
const waitMs = 700;

/**
 * Scripts that ask this program for words. Status 0 without a word makes the shell complete a file name, or the
 * command after `run`.
 */
const scripts: Record<Shell, (command: string) => string> = {
  // Bash passes its line, because it splits words at = and keeps quotes. `read` and the array expand nothing.
  bash: (command) => `_selvage() {
  local word words
  COMPREPLY=()
  words=$(${command} completion line -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null) ||
    compopt +o default 2>/dev/null
  while IFS= read -r word; do [[ -z $word ]] || COMPREPLY+=("$word"); done <<< "$words"
}
complete -o default -F _selvage selvage selvage.mjs`,
  // zsh runs the file as a function when it is in $fpath, and defines the completion when it is sourced.
  zsh: (command) => `#compdef selvage selvage.mjs
_selvage() {
  local -a next
  local answer
  answer="$(${command} completion words -- "\${(@)\${(@Q)words[2,CURRENT]}#[\\"']}" 2>/dev/null)"
  local code=$?
  next=(\${(f)answer})
  if (( $#next )); then compadd -- $next; elif (( code == 0 )); then _files; fi
}
if [[ $funcstack[1] == _selvage ]]; then _selvage "$@"; else compdef _selvage selvage selvage.mjs; fi`,
  fish: (command) => `function __selvage_next
  set -l words (commandline -opc)
  set -l next (${command} completion words -- $words[2..] (commandline -ct) 2>/dev/null)
  set -l code $status
  if set -q next[1]
    printf '%s\\n' $next
  else if test $code -eq 0
    __fish_complete_path (commandline -ct)
  end
end
complete -c selvage -f -a '(__selvage_next)'
complete -c selvage.mjs -f -a '(__selvage_next)'`,
};

/** Shell completion: a script for each shell, which asks this program for the next words. */
export function addCompletion(program: Command): void {
  const shell = new Argument("<shell>", "bash, zsh or fish");
  // Not `choices()`: the scripts call this command with other words.
  shell.argChoices = [...shells];
  program
    .command("completion")
    .description("print the completion script for bash, zsh or fish")
    .addArgument(shell)
    .argument("[words...]")
    .addHelpText(
      "after",
      `
The scripts complete “selvage”: a file with this name in $PATH, or an alias or function of your shell.
In bash: eval "$(selvage completion bash)"
In zsh:  eval "$(selvage completion zsh)" after compinit, or save it as the file _selvage in a folder of $fpath
In fish: selvage completion fish | source
Names of fabrics, secrets and connections come from Selvage, with the tokens that login stored.`,
    )
    .action(async (name: string, words: string[]) => {
      if (name === "words") {
        const current = words.at(-1) ?? "";
        return answer(program, words.slice(0, -1), current, (word) => word);
      }
      if (name === "line") {
        const line = splitLine(words[0] ?? "", words[1] ?? "");
        return answer(program, line.words.slice(1), line.current, (word) => quotedFor(line, word));
      }
      if (!isShell(name)) return program.error("Choose bash, zsh or fish.", { exitCode: 2 });
      const quote = name === "fish" ? fishQuoted : shellQuoted;
      const command = [process.execPath, realpathSync(process.argv[1] ?? "")].map(quote).join(" ");
      process.stdout.write(`${scripts[name](command)}\n`);
    });
}

/** Prints what may follow, and ends without waiting for an API that is slow. */
async function answer(
  program: Command,
  words: readonly string[],
  current: string,
  show: (word: string) => string | undefined,
): Promise<void> {
  const late = new Promise<"none">((done) => setTimeout(done, waitMs, "none"));
  const offer = await Promise.race([offerWords(program, words, current), late]).catch(() => "none" as const);
  const shown = Array.isArray(offer)
    ? offer.flatMap((word) => (word.startsWith(current) ? (show(word) ?? []) : []))
    : [];
  const code = offer === "files" ? 0 : shown.length > 0 ? 0 : 1;
  process.stdout.write(shown.map((word) => `${word}\n`).join(""), () => process.exit(code));
}

function isShell(name: string): name is Shell {
  return shells.some((one) => one === name);
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
