import type { Command } from "commander";

const scripts = {
  bash: `_selvage() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(selvage completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _selvage selvage`,
  zsh: `#compdef selvage
_selvage() { compadd -- \${(f)"$(selvage completion words -- \${words[2,CURRENT-1]})"} }
compdef _selvage selvage`,
  fish: "complete -c selvage -f -a '(selvage completion words -- (commandline -opc)[2..-1])'",
} as const;

/** Shell completion: a script for each shell, which asks this very program for what comes next. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print what completes commands in bash, zsh or fish")
    .argument("<shell>", "bash, zsh or fish")
    .argument("[words...]")
    .addHelpText("after", '\nIn bash: eval "$(selvage completion bash)"')
    .action((shell: string, words: string[]) => {
      if (shell === "words") return void process.stdout.write(`${nextWords(program, words).join("\n")}\n`);
      if (!isShell(shell)) return program.error("Completion is for bash, zsh or fish.", { exitCode: 2 });
      process.stdout.write(`${scripts[shell]}\n`);
    });
}

function isShell(shell: string): shell is keyof typeof scripts {
  return Object.hasOwn(scripts, shell);
}

/** The commands and options that may follow these words. */
export function nextWords(program: Command, words: readonly string[]): string[] {
  const command = words.reduce(
    (at: Command, word) => at.commands.find((one) => one.name() === word) ?? at,
    program,
  );
  return [
    ...command.commands.map((one) => one.name()),
    ...command.options.flatMap(({ long }) => (long && !words.includes(long) ? [long] : [])),
  ];
}
