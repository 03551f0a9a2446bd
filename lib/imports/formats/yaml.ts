import { parseDocument } from "yaml";
import { type ParsedFile, UnreadableFile } from "@/lib/imports/formats/row";
import { readTree } from "@/lib/imports/formats/tree";

/**
 * Secrets and connections of a YAML file, such as `connections.yaml`. Every value of a secret is the text as it is
 * written: 0123, 1.10 and yes do not change. Only properties of connections have YAML's types.
 */
export function readYaml(text: string, prefix = ""): ParsedFile {
  const plain = readTree(parse(text, "failsafe"), prefix);
  if (plain.rows.every(({ noun }) => noun === "secret")) return plain;
  const typed = readTree(parse(text, "core"), prefix).rows.filter(({ noun }) => noun === "connection");
  const next = typed.values();
  const rows = plain.rows.map((row) => (row.noun === "connection" ? (next.next().value ?? row) : row));
  return { ...plain, rows };
}

function parse(text: string, schema: "failsafe" | "core"): unknown {
  const document = parseDocument(text, { schema, uniqueKeys: true, logLevel: "silent" });
  const [error] = document.errors;
  // The parser's own message repeats the line.
  if (error) {
    const line = error.linePos?.[0].line;
    throw new UnreadableFile(`This is not valid YAML${line === undefined ? "" : `: see line ${line}`}.`);
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) throw new UnreadableFile("This YAML repeats its parts too often.");
    throw error;
  }
}
