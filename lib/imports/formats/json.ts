import { type ParsedFile, UnreadableFile } from "@/lib/imports/formats/row";
import { readTree } from "@/lib/imports/formats/tree";

/** Secrets and connections of a JSON file, or of several JSON texts one a line. */
export function readJson(text: string, prefix = ""): ParsedFile {
  const whole = parse(text);
  if (whole !== undefined) return readTree(whole, prefix);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const each = lines.map(parse);
  if (lines.length < 2 || each.includes(undefined)) throw new UnreadableFile("This is not valid JSON.");
  return readTree(each, prefix);
}

/** Undefined for a text that is not JSON. The parser's own message repeats the text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}
