import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

/** Nothing usable was typed. */
export class PromptEnded extends Error {
  override name = "PromptEnded";
}

/** A new password: asked for twice at a terminal, without echo; otherwise the first line of standard input. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? "";
  const first = await askHidden("New password: ");
  if ((await askHidden("Once more: ")) !== first)
    throw new PromptEnded("The two passwords differ: nothing was changed.");
  return first;
}

/** A line that is typed at the terminal without echo. Throws `PromptEnded` when none is. */
export function askHidden(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  // The interface draws what is typed into its output: into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  return askLine(nothing, () => process.stderr.write("\n"));
}

/** A line that is typed at the terminal. Throws `PromptEnded` when none is. */
export function askShown(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  return askLine(process.stderr, () => {});
}

function askLine(output: NodeJS.WritableStream, onLine: () => void): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise((resolve, reject) => {
    const end = () => reject(new PromptEnded("Nothing was entered: nothing was changed."));
    lines.once("SIGINT", end).once("close", end);
    lines.once("line", (line) => {
      lines.off("close", end).close();
      onLine();
      resolve(line);
    });
  });
}
