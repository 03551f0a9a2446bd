import { existsSync, readFileSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** The data folder of `npm start`. */
export function dataFolder(env = process.env) {
  return resolve(env.DATA_DIR || (process.getuid?.() === 0 ? "/var/lib/selvage" : join(root, ".data")));
}

const fileIn = (dataDir) => join(dataDir, "keys/operator.json");

/**
 * Writes the variables of the operator's programs beside the keys, readable by the launcher's user alone, so
 * that `npm run admin` works beside a running `npm start`. `stop` removes the file.
 * @param {string} dataDir
 * @param {Record<string, string>} variables
 */
export async function writeOperatorFile(dataDir, variables) {
  const file = fileIn(dataDir);
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify(variables), { mode: 0o600 });
  await chmod(file, 0o600);
  return { stop: () => rm(file, { force: true }) };
}

/**
 * The environment of an operator's program: the given one, and without a database in it that of the
 * installation that `npm start` runs.
 * @param {Record<string, string | undefined>} env
 */
export function operatorEnvironment(env = process.env) {
  if (env.DATABASE_URL) return env;
  try {
    return { ...JSON.parse(readFileSync(fileIn(dataFolder(env)), "utf8")), ...env };
  } catch {
    return env;
  }
}

/**
 * For an operator's program that failed: a sentence if it found neither variables nor a running `npm start`.
 * @param {Record<string, string | undefined>} env
 */
export function whyWithoutVariables(env = process.env) {
  const isGiven = ["DATABASE_URL", "AUTOMATE_URL", "AUTOMATE_PUBLIC_KEY"].some((name) => env[name]);
  if (isGiven || existsSync(fileIn(dataFolder(env)))) return undefined;
  return `npm start does not run on ${dataFolder(env)}, so this command had only the variables that you set. If it runs on another folder, set DATA_DIR.`;
}
