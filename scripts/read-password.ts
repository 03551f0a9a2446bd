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
  const first = await ask("New password: ");
  if ((await ask("Once more: ")) !== first)
    throw new PromptEnded("The two passwords differ: nothing was changed.");
  return first;
}

function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  // The interface draws what is typed into its output: into nothing.
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nothing, terminal: true });
  return new Promise((resolve, reject) => {
    const end = () => reject(new PromptEnded("No password was given: nothing was changed."));
    lines.once("SIGINT", end).once("close", end);
    lines.once("line", (line) => {
      lines.off("close", end).close();
      process.stderr.write("\n");
      resolve(line);
    });
  });
}
