import type { Command } from "commander";

/** An empty list makes the shell complete a file name, or the command after `run`. */
const scripts = {
  bash: `_selvage() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(selvage completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _selvage selvage`,
  // zsh runs the file as a function when it is in $fpath, and defines the completion when it is sourced.
  zsh: `#compdef selvage
_selvage() {
  local -a next
  next=(\${(f)"$(selvage completion words -- "\${(@)words[2,CURRENT-1]}")"})
  if (( $#next )); then compadd -- $next; else _files; fi
}
if [[ $funcstack[1] == _selvage ]]; then _selvage "$@"; else compdef _selvage selvage; fi`,
  fish: `function __selvage_next
  set -l words (commandline -opc)
  set -l next (selvage completion words -- $words[2..])
  if set -q next[1]
    printf '%s\\n' $next
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c selvage -f -a '(__selvage_next)'`,
} as const;

/** Shell completion: a script for each shell, which asks this program for the next words. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print the completion script for bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .argument("[words...]")
    .addHelpText(
      "after",
      `
In bash: eval "$(selvage completion bash)"
In zsh:  eval "$(selvage completion zsh)" after compinit, or save it as the file _selvage in a folder of $fpath
In fish: selvage completion fish | source`,
    )
    .action((shell: string, words: string[]) => {
      if (shell === "words")
        return void process.stdout.write(
          nextWords(program, words)
            .map((word) => `${word}\n`)
            .join(""),
        );
      if (!isShell(shell)) return program.error("Choose bash, zsh or fish.", { exitCode: 2 });
      process.stdout.write(`${scripts[shell]}\n`);
    });
}

function isShell(shell: string): shell is keyof typeof scripts {
  return Object.hasOwn(scripts, shell);
}

/**
 * The commands, options and choices that may follow these words. Empty where a file or a free word follows.
 */
export function nextWords(program: Command, words: readonly string[]): string[] {
  if (words.includes("--")) return [];
  const command = words.reduce(
    (at: Command, word) => at.commands.find((one) => one.name() === word) ?? at,
    program,
  );
  const last = command.options.find(({ long }) => long === words.at(-1));
  if (last?.required) return [...(last.argChoices ?? [])];
  return [
    ...command.commands.map((one) => one.name()),
    ...command.options.flatMap(({ long, hidden }) =>
      long && !hidden && !words.includes(long) ? [long] : [],
    ),
  ];
}
