import "server-only";

/**
 * This program's version. A test compares it with package.json; an import would bundle that whole file into
 * web.
 */
export const programVersion = "0.5.0";

/** True when version `one` is older than `other`. Both have the form 1.2.3. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(than)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): number[] {
  return [0, 1, 2].map((index) => Number.parseInt(version.split(".")[index] ?? "0", 10) || 0);
}
