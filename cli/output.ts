import { exitCodes, Failure } from "@/cli/failure";
import { asJson, oneLine } from "@/cli/one-line";
import { PromptEnded } from "@/cli/read-password";

let isJson = false;

/** Switches all output, including failures, to JSON. */
export function printAsJson(): void {
  isJson = true;
}

export function isJsonOutput(): boolean {
  return isJson;
}

/** Prints a result: as JSON, or as lines for a person. */
export function print(data: unknown, ...lines: readonly string[]): void {
  const text = isJson ? asJson(data, 2) : lines.map(oneLine).join("\n");
  process.stdout.write(`${text}\n`);
}

/** Formats rows as aligned columns below their headings. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [headings, ...rows].map(line);
}

/**
 * Prints an error to standard error, and returns the exit code. Of an unexpected error it prints the class
 * name only: the message may contain a value.
 */
export function printFailure(error: unknown): number {
  const ownMessage = error instanceof Failure || error instanceof PromptEnded ? error.message : undefined;
  const exit = error instanceof Failure ? error.exit : "failed";
  const message = ownMessage ?? `Something went wrong${error instanceof Error ? ` (${error.name})` : ""}.`;
  const lines = message.split("\n").map(oneLine);
  process.stderr.write(`${isJson ? asJson({ error: { code: exit, message } }) : lines.join("\n")}\n`);
  return exitCodes[exit];
}
