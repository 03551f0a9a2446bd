import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { programOptions } from "@/launcher/build.mjs";

const root = join(import.meta.dirname, "..");

/** Where each test builds its programs: inside node_modules, so that they find their packages. */
export const builtPrograms = join(root, "node_modules/.cache/programs");

/** Builds programs as in production, into a folder of their own: `NAME.mjs` for each source file. */
export function buildPrograms(
  sources: Readonly<Record<string, string>>,
  define: (folder: string) => Record<string, string> = () => ({}),
) {
  mkdirSync(builtPrograms, { recursive: true });
  const folder = mkdtempSync(join(builtPrograms, "build-"));
  const entryPoints = Object.fromEntries(
    Object.entries(sources).map(([name, source]) => [name, join(root, source)]),
  );
  buildSync({ ...programOptions, entryPoints, outdir: folder, define: define(folder) });
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
