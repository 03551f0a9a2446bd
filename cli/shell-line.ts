/** A line of bash up to the cursor: its complete words without quotes, and the word under the cursor. */
export type ShellLine = {
  words: string[];
  current: string;
  /** The quote that is open at the cursor. */
  quote: "" | "'" | '"';
  /** How many characters of `current` bash keeps: it replaces only what follows its last break character. */
  kept: number;
};

/** Splits a line as bash does. `breaks` is COMP_WORDBREAKS. Expands nothing. */
export function splitLine(text: string, breaks: string): ShellLine {
  const line: ShellLine = { words: [], current: "", quote: "", kept: 0 };
  let isWord = false;
  const signs = [...text];
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at] ?? "";
    if (line.quote === "" && /\s/.test(sign)) {
      if (isWord) line.words.push(line.current);
      Object.assign(line, { current: "", kept: 0 });
      isWord = false;
      continue;
    }
    isWord = true;
    if (line.quote === "" && (sign === '"' || sign === "'")) {
      line.quote = sign;
      line.kept = line.current.length;
    } else if (sign === line.quote) line.quote = "";
    else if (sign === "\\" && line.quote !== "'") {
      at += 1;
      line.current += signs[at] ?? "";
    } else {
      line.current += sign;
      if (line.quote === "" && breaks.includes(sign)) line.kept = line.current.length;
    }
  }
  return line;
}

/**
 * The part of a word that replaces the one under the cursor, quoted so that bash expands nothing in it: names
 * are other people's text. Undefined where the open quote cannot hold it.
 */
export function quotedFor({ quote, kept }: ShellLine, word: string): string | undefined {
  const rest = word.slice(kept);
  if (quote !== "") return /["'$`\\!]/.test(rest) ? undefined : rest;
  return rest.replace(/[^\p{L}\p{N}_./,+%@=:#-]/gu, "\\$&").replace(/^#/, "\\#");
}
