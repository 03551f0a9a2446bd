import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { Failure } from "@/cli/failure";
import { askInTurn } from "@/cli/read-password";

export const types = ["text", "binary", "username_password", "m2m_oauth"] as const;
export type Type = (typeof types)[number];

/**
 * The source of a value. Never an argument: other users of the machine can read those, and the shell's
 * history keeps them.
 */
export type ValueSource = { file?: string; trim?: boolean };

const login = z.object({ username: z.string(), password: z.string() });
const oauth = z.object({
  clientId: z.string(),
  clientSecret: z.string(),
  authUrl: z.string(),
  scope: z.string().optional(),
});

/**
 * Reads a value for the management API: from the file, from standard input, or from a prompt without echo.
 */
export async function readValue(
  type: Type,
  { file, trim }: ValueSource,
): Promise<{ value: unknown; fileName?: string }> {
  if (file === undefined && process.stdin.isTTY) return { value: await askFor(type) };
  const bytes = file === undefined || file === "-" ? await buffer(process.stdin) : await readBytes(file);
  const fileName = file === undefined || file === "-" ? {} : { fileName: basename(file) };
  if (type === "binary") return { value: bytes.toString("base64"), ...fileName };
  const text = decode(trim ? withoutLineBreak(bytes) : bytes);
  if (type === "text") {
    if (!trim && file === undefined && text.endsWith("\n"))
      process.stderr.write("The value ends with a line break, which is kept. --trim leaves it out.\n");
    return { value: text };
  }
  const fields = (type === "username_password" ? login : oauth).safeParse(safeJson(text));
  if (!fields.success)
    throw new Failure(
      "usage",
      type === "username_password"
        ? 'Give JSON on standard input: {"username": …, "password": …}.'
        : 'Give JSON on standard input: {"clientId": …, "clientSecret": …, "authUrl": …, "scope": …}.',
    );
  return { value: fields.data };
}

async function askFor(type: Type): Promise<unknown> {
  if (type === "binary") throw new Failure("usage", "Say which file: --file PATH.");
  return askInTurn(async ({ hidden, shown }) => {
    switch (type) {
      case "text":
        return hidden("Value: ");
      case "username_password":
        return { username: await shown("Username: "), password: await hidden("Password: ") };
      case "m2m_oauth": {
        const [clientId, clientSecret] = [await shown("Client ID: "), await hidden("Client Secret: ")];
        const [authUrl, scope] = [await shown("Auth URL: "), await shown("Scope (optional): ")];
        return { clientId, clientSecret, authUrl, ...(scope ? { scope } : {}) };
      }
    }
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
    throw new Failure("usage", "The value is not text: store it with --type binary.");
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
