import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

/** The prompt ended without usable input. */
export class PromptEnded extends Error {
  override name = "PromptEnded";
}

/** Prompts at the terminal. Each returns the next typed line; `hidden` does not echo it. */
export type Questions = Record<"hidden" | "shown", (prompt: string) => Promise<string>>;

/** Within a paste, a terminal pauses for less than this. */
const pauseMs = 50;

/** Reads a new password: at a terminal twice, without echo; otherwise the first line of standard input. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? "";
  const [first, second] = await askQuestions(async ({ hidden }) => [
    await hidden("New password: "),
    await hidden("Repeat password: "),
  ]);
  if (first !== second) throw new PromptEnded("The two passwords differ: nothing was changed.");
  return first;
}

/**
 * Asks several questions with one reader, so that lines typed ahead wait for their question. Throws
 * `PromptEnded` when a line is missing. Throws it also when lines are left over: only the first line of a
 * multi-line paste would be used.
 */
export async function askQuestions<T>(
  ask: (questions: Questions) => Promise<T>,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<T> {
  let isShown = false;
  const drawn = new Writable({
    write: (chunk, _encoding, done) => {
      if (isShown) output.write(chunk);
      done();
    },
  });
  // Turns off the terminal's echo before the first prompt appears.
  const lines = createInterface({ input, output: drawn, terminal: true, historySize: 0 });
  const typed: string[] = [];
  let hasEnded = false;
  let wake = () => {};
  lines.on("line", (line) => {
    isShown = false;
    typed.push(line);
    wake();
  });
  const end = () => {
    hasEnded = true;
    wake();
  };
  lines.once("SIGINT", end).once("close", end);
  const next = async (): Promise<string> => {
    while (typed.length === 0 && !hasEnded) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const line = typed.shift();
    if (line === undefined) throw new PromptEnded("Nothing was entered: nothing was changed.");
    return line;
  };
  try {
    const answer = await ask({
      async hidden(prompt) {
        output.write(prompt);
        const line = await next();
        output.write("\n");
        return line;
      },
      async shown(prompt) {
        const [ahead] = typed;
        if (ahead !== undefined) output.write(`${prompt}${ahead}\n`);
        else {
          isShown = true;
          lines.setPrompt(prompt);
          lines.prompt(true);
        }
        return next();
      },
    });
    await untilQuiet(input);
    if (typed.some((line) => line !== "") || lines.line !== "")
      throw new PromptEnded(
        "Several lines arrived where one is expected: nothing was changed. Use standard input or a file.",
      );
    return answer;
  } finally {
    isShown = false;
    lines.close();
  }
}

async function untilQuiet(input: NodeJS.ReadableStream): Promise<void> {
  let arrived = true;
  const note = () => {
    arrived = true;
  };
  input.on("keypress", note);
  while (arrived) {
    arrived = false;
    await setTimeout(pauseMs);
  }
  input.off("keypress", note);
}
