import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "@/launcher/lock.mjs";
import { runProgram } from "@/testing/peers/real-server";

const root = join(import.meta.dirname, "../..");
const install = "Install Python 3.10 or newer with venv: apt-get install python3-venv.";

/**
 * Makes a Python environment with the packages of `testing/peers/requirements-<name>.txt`, once for each
 * content of that file. Returns its folder of programs.
 */
export async function pythonEnvironment(name: string): Promise<string> {
  const folder = join(root, ".peers", name);
  const requirements = join(import.meta.dirname, `requirements-${name}.txt`);
  const installed = join(folder, "installed.txt");
  const wanted = await readFile(requirements, "utf8");
  // Two test files may need the same one.
  await withLock(
    join(root, ".locks/peers", name),
    () => {},
    async () => {
      if (existsSync(installed) && (await readFile(installed, "utf8")) === wanted) return;
      await mkdir(folder, { recursive: true });
      await runProgram("python3", ["-m", "venv", "--clear", folder], install);
      await runProgram(join(folder, "bin/pip"), ["install", "--quiet", "-r", requirements], install);
      await writeFile(installed, wanted);
    },
  );
  return join(folder, "bin");
}
