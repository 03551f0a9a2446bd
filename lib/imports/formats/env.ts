import { type ParsedFile, type SecretRow, secretRow } from "@/lib/imports/formats/row";

/**
 * One assignment as dotenv reads it: quotes keep line breaks, and an unquoted value ends before a comment. This is
 * dotenv's own expression, and a test compares the two: dotenv itself needs Node.js, names no line and skips what
 * it cannot read.
 */
const assignment =
  /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm;

const notAssigned =
  "This line is not NAME=value, with a name of letters, digits, “_”, “.” and “-”. If a value has several lines, put it in quotes.";
const notQuoted = "This is a part of a value with several lines: put the whole value in quotes.";
const cutAtMark =
  "“#” ends this value in dotenv, and belongs to it in other tools. Put the value in quotes, or write a space before a comment.";

/** The assignments of a `.env` file. A line that is none, and no comment, is a row with a problem. */
export function readEnv(text: string): ParsedFile {
  const lines = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const lineAt = createLineCounter(lines);
  const rows: SecretRow[] = [];
  const addStray = (from: number, to: number) => {
    let at = from;
    for (const line of lines.slice(from, to).split("\n")) {
      const content = line.trim();
      if (content !== "" && !content.startsWith("#"))
        rows.push(secretRow(`Line ${lineAt(at)}`, "", { problem: notAssigned }));
      at += line.length + 1;
    }
  };
  let end = 0;
  for (const match of lines.matchAll(assignment)) {
    addStray(end, match.index);
    end = match.index + match[0].length;
    const [whole, name = "", written = ""] = match;
    const line = lineAt(match.index + whole.length - whole.trimStart().length);
    const problem = isCut(written, whole) ? { problem: cutAtMark } : {};
    rows.push(secretRow(`Line ${line}`, name, { fields: { value: assigned(written) }, ...problem }));
  }
  addStray(end, lines.length);
  return { rows: withoutKeyLines(rows, lines), notes: [] };
}

/**
 * Rows of a private key or certificate without quotes: its lines can look like assignments. They lose their names,
 * because a dry run sends names.
 */
function withoutKeyLines(rows: readonly SecretRow[], text: string): SecretRow[] {
  const lines = text.split("\n");
  let isInside = false;
  let read = 0;
  return rows.map((row) => {
    const line = Number(row.place.slice("Line ".length));
    for (; read < line - 1; read += 1) if (lines[read]?.includes("-----END ")) isInside = false;
    if (isInside) return secretRow(row.place, "", { problem: notQuoted });
    const { value = "" } = row.fields;
    if (!value.startsWith("-----BEGIN ") || value.includes("-----END ")) return row;
    isInside = true;
    return secretRow(row.place, row.name, { problem: notQuoted });
  });
}

function assigned(written: string): string {
  const trimmed = written.trim();
  const unquoted = trimmed.replace(/^(['"`])([\s\S]*)\1$/gm, "$2");
  return trimmed.startsWith('"') ? unquoted.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : unquoted;
}

/** True for an unquoted value that a “#” without a space before it ends. */
function isCut(written: string, whole: string): boolean {
  if (/^\s*['"`]/.test(written) && written.trim().length > 1) return false;
  return /[^\s=]#/.test(whole.slice(whole.indexOf(written)).slice(Math.max(0, written.length - 1)));
}

/** Returns a function that gives the line number of an offset. Call it with ascending offsets. */
function createLineCounter(text: string): (offset: number) => number {
  let line = 1;
  let counted = 0;
  return (offset) => {
    for (; counted < offset; counted += 1) if (text[counted] === "\n") line += 1;
    return line;
  };
}
