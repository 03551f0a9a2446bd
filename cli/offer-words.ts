import type { Argument, Command, Option } from "commander";
import { findFabric, listConnections, listFabrics, listSecrets } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { listReadableNames, pipelineOf } from "@/cli/runtime-client";
import { currentServer } from "@/cli/settings";

/** The words that may follow, or "files" where a file or a command follows. */
export type Offer = readonly string[] | "files";

/**
 * Returns the completions after these words: commands, options, choices, and names of fabrics, secrets and
 * connections. Reads names from the APIs with the stored tokens. `current` is the word that is being typed.
 */
export async function offerWords(
  program: Command,
  words: readonly string[],
  current: string,
): Promise<Offer> {
  if (words.includes("--")) return "files";
  const { command, option, argument } = placeAfter(program, words);
  const fabric = words.includes("--fabric") ? words[words.indexOf("--fabric") + 1] : undefined;
  if (option)
    return (
      option.argChoices ?? offerNames(/<(.*?)(?:\.{3})?>/.exec(option.flags)?.[1] ?? "", fabric, current)
    );
  const names =
    argument && !current.startsWith("-")
      ? (argument.argChoices ?? (await offerNames(argument.name(), fabric, current)))
      : [];
  if (names.length > 0) return names;
  return [
    ...command.commands.map((one) => one.name()),
    ...command.options.flatMap(({ long, hidden }) =>
      long && !hidden && !words.includes(long) ? [long] : [],
    ),
  ];
}

type Place = { command: Command; option: Option | undefined; argument: Argument | undefined };

/** The command that the words have reached, and the option or argument that the next word belongs to. */
function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let position = 0;
  for (const word of words) {
    const named = command.options.find(({ long }) => long === word);
    if (named || word.startsWith("-")) option = named?.required ? named : undefined;
    else if (option) option = option.variadic ? option : undefined;
    else {
      const next = command.commands.find((one) => one.name() === word);
      position = next ? 0 : position + 1;
      command = next ?? command;
    }
  }
  return { command, option, argument: command.registeredArguments[position] };
}

/** The names for a placeholder in the help of an option or argument. */
async function offerNames(placeholder: string, fabric: string | undefined, current: string): Promise<Offer> {
  if (placeholder === "path") return "files";
  if (placeholder === "fabric") return presentable(await fabricNames(current));
  if (fabric === undefined) return [];
  if (placeholder === "connection")
    return presentable((await listConnections(await findFabric(fabric))).map(({ name }) => name));
  if (placeholder === "secret") return presentable(await secretNames(fabric, current));
  const [, variable, name] = /^([^=]*=)([^#]*)$/.exec(current) ?? [];
  if (!placeholder.startsWith("NAME=secret") || variable === undefined || name === undefined) return [];
  // Without a token of this fabric's pipelines, the names that the person sees.
  const readable = async () => listReadableNames(pipelineOf(fabric));
  return presentable(await readable().catch(() => secretNames(fabric, name))).map(
    (one) => `${variable}${one}`,
  );
}

/** The fabrics of the person, and those whose pipeline token is stored. */
async function fabricNames(search: string): Promise<string[]> {
  const { accessToken, pipelineTokens } = currentServer();
  const own = accessToken ? await listFabrics(search).catch(() => []) : [];
  const names = own.map(({ name }) => name);
  const known = new Set(names.map((name) => name.toLowerCase()));
  return [...names, ...Object.keys(pipelineTokens).filter((name) => !known.has(name))];
}

async function secretNames(fabric: string, search: string): Promise<string[]> {
  return (await listSecrets(await findFabric(fabric), search)).map(({ properties }) => properties.name);
}

/** Leaves out names that would control the terminal. */
function presentable(names: readonly string[]): string[] {
  return names.filter((name) => oneLine(name) === name);
}
