import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * The paths of the files that the build made for browsers. Web serves them without a limit. Any other path below
 * theirs costs Next as much as a page, so it counts like one.
 */
export function listBuiltFiles(distDir: string): ReadonlySet<string> {
  const root = join(distDir, "static");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) =>
    relative(root, join(parentPath, name)).split(sep).join("/"),
  );
  return new Set(["/favicon.svg", ...paths.map((path) => `/_next/static/${path}`)]);
}
