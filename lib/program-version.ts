import "server-only";

/** The version of this program: that of package.json, which a test compares. To import that file would put all of it into web's bundle. */
export const programVersion = "0.2.0";

/** True when version `one` is older than `other`: three numbers each, with dots between them. */
export function isOlder(one: string, other: string): boolean {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): number[] {
  return [0, 1, 2].map((index) => Number.parseInt(version.split(".")[index] ?? "0", 10) || 0);
}
