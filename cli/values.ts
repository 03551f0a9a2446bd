import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { oneLine } from "@/cli/one-line";
import { askQuestions } from "@/cli/read-password";
import { safeJson } from "@/cli/safe-json";
import type { SecretKind } from "@/lib/secrets/kinds/define";
import { isSubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/**
 * The source of a value. Never an argument: other users of the machine can read those, and the shell's
 * history keeps them.
 */
export type ValueSource = { file?: string; trim?: boolean };

/**
 * Reads a value for the management API: from the file, from standard input, or from a prompt without echo.
 */
export async function readValue(
  type: string,
  { file, trim }: ValueSource,
): Promise<{ value: unknown; fileName?: string }> {
  if (!isSubKind(type))
    throw new Failure(
      "usage",
      `This version of selvage does not support the type ${oneLine(type)}: install a newer version.`,
    );
  const kind = secretKinds[type];
  if (file === undefined && process.stdin.isTTY) return { value: await promptFor(kind) };
  const bytes = file === undefined || file === "-" ? await buffer(process.stdin) : await readBytes(file);
  const fileName = file === undefined || file === "-" ? {} : { fileName: basename(file) };
  if (kind.shape === "file") return { value: bytes.toString(kind.fields.value.encoding), ...fileName };
  const text = decode(trim ? withoutLineBreak(bytes) : bytes);
  if (kind.shape === "fields") return { value: fieldsIn(text, kind) };
  if (!trim && file === undefined && text.endsWith("\n"))
    process.stderr.write("The value ends with a line break, which is kept. --trim removes it.\n");
  return { value: text };
}

/** The fields of a JSON object. The server validates their values. */
function fieldsIn(text: string, { fields }: SecretKind): Record<string, unknown> {
  const shape = Object.entries(fields).map(([name, { schema }]) => [
    name,
    schema.isOptional() ? z.string().optional() : z.string(),
  ]);
  const read = z.object(Object.fromEntries(shape)).safeParse(safeJson(text));
  if (read.success) return read.data;
  const members = Object.keys(fields).map((name) => `"${name}": …`);
  throw new Failure("usage", `Send JSON on standard input: {${members.join(", ")}}.`);
}

async function promptFor({ shape, fields }: SecretKind): Promise<unknown> {
  if (shape === "file") throw new Failure("usage", "Choose a file: --file PATH.");
  return askQuestions(async ({ hidden, shown }) => {
    const answers: Record<string, string> = {};
    for (const [name, { title, control, schema }] of Object.entries(fields)) {
      const isOptional = schema.isOptional();
      const ask = control === "line" ? shown : hidden;
      const answer = await ask(`${title}${isOptional ? " (optional)" : ""}: `);
      if (answer !== "" || !isOptional) answers[name] = answer;
    }
    return shape === "text" ? answers.value : answers;
  });
}

async function readBytes(file: string): Promise<Buffer> {
  return readFile(file).catch(() => {
    throw new Failure("usage", `The file ${file} cannot be read.`);
  });
}

function withoutLineBreak(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0;
  return bytes.subarray(0, bytes.length - end);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure("usage", "The value is not UTF-8 text: use --type binary.");
  }
}
