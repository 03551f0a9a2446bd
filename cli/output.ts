import { exitCodes, Failure } from "@/cli/failure";
import { PromptEnded } from "@/scripts/read-password";

let isJson = false;

/** From now on everything is told as JSON, failures too. */
export function tellAsJson(): void {
  isJson = true;
}

export function isToldAsJson(): boolean {
  return isJson;
}

/** Tells a result: as JSON, or as a person reads it. */
export function tell(data: unknown, text: string): void {
  process.stdout.write(isJson ? `${JSON.stringify(data, null, 2)}\n` : text === "" ? "" : `${text}\n`);
}

/** Rows below their headings, in columns. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => (row[at] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [headings, ...rows].map(line).join("\n");
}

/** Tells what went wrong on standard error, and the code to end with. What nobody expected is told by its kind alone. */
export function tellFailure(error: unknown): number {
  const known = error instanceof Failure || error instanceof PromptEnded ? error.message : undefined;
  const exit = error instanceof Failure ? error.exit : "failed";
  const message = known ?? `Something went wrong${error instanceof Error ? ` (${error.name})` : ""}.`;
  process.stderr.write(isJson ? `${JSON.stringify({ error: { code: exit, message } })}\n` : `${message}\n`);
  return exitCodes[exit];
}
