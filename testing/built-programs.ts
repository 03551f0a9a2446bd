import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { programOptions } from "@/launcher/build.mjs";

const root = join(import.meta.dirname, "..");
const maxBuildMs = 60_000;

/** Inside node_modules, so that programs find their packages. */
const folders = join(root, "node_modules/.cache/programs");

/**
 * Makes a folder for the programs that one run of tests builds, in `TEST_PROGRAMS`. The tests of a run share them: a
 * build takes a second, and many tests start automate. Returns a function that removes it.
 */
export default function preparePrograms(): () => void {
  const folder = join(folders, String(process.pid));
  mkdirSync(folder, { recursive: true });
  // The program for backups finds the migrations beside its folder, as in a checkout.
  symlinkSync(join(root, "prisma"), join(folder, "prisma"));
  process.env.TEST_PROGRAMS = folder;
  return () => rmSync(folder, { recursive: true });
}

/**
 * Programs as in production, built unless another test of this run has built them: `NAME.mjs` for each source
 * file. `define` are texts to insert. Returns their folder, which has the name `name`.
 */
export function builtPrograms(
  name: string,
  sources: Readonly<Record<string, string>>,
  define: (folder: string) => Record<string, string> = () => ({}),
): string {
  const folder = join(process.env.TEST_PROGRAMS ?? folders, name);
  const finished = join(folder, "finished");
  if (isFirst(folder)) {
    const entryPoints = Object.fromEntries(
      Object.entries(sources).map(([program, source]) => [program, join(root, source)]),
    );
    buildSync({ ...programOptions, entryPoints, outdir: folder, define: define(folder) });
    writeFileSync(finished, "");
  }
  const stopWaiting = performance.now() + maxBuildMs;
  while (!existsSync(finished)) {
    if (performance.now() > stopWaiting) throw new Error(`Another test did not finish building ${name}.`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  return folder;
}

/** Only one test can create the folder. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
