import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadReleaseKey } from "./keys.mjs";
import { Refusal } from "./progress.mjs";

// Builds and signs the command line. The result is a package of one file, which automate serves.

const root = resolve(import.meta.dirname, "..");

/** @typedef {import("node:crypto").KeyObject} KeyObject */
/** @typedef {{ publicKeys: KeyObject[], privateKey: KeyObject | undefined, notice: string | undefined }} ReleaseKeys */

/**
 * The keys of a release. `publicKeys` are those that the program accepts at its next update; the first one
 * verifies this release.
 * @param {{ RELEASE_KEY_FILE?: string | undefined, RELEASE_NEXT_KEY_FILE?: string | undefined }} given
 *   PEM files. The first holds a private key that signs, or a public key for a release that is signed elsewhere.
 * @returns {Promise<ReleaseKeys>}
 */
export async function releaseKeys({ RELEASE_KEY_FILE: file, RELEASE_NEXT_KEY_FILE: nextFile }) {
  const next = nextFile ? [publicHalf(await readKey("RELEASE_NEXT_KEY_FILE", nextFile))] : [];
  const key = file ? await readKey("RELEASE_KEY_FILE", file) : generateKeyPairSync("ed25519").privateKey;
  const isPrivate = key.type === "private";
  return {
    publicKeys: [publicHalf(key), ...next],
    privateKey: isPrivate ? key : undefined,
    notice: file
      ? isPrivate
        ? undefined
        : "RELEASE_KEY_FILE is a public key, so the command line is not signed yet: docs/operations.md has the command."
      : "RELEASE_KEY_FILE is not set: a key of this build alone signed the command line. People cannot update it to the next build, and download it again.",
  };
}

/**
 * Writes the command line's package to a folder: the program, its signature, the public key that verifies it,
 * and what `npm pack` requires.
 * @param {string} dir
 * @param {ReleaseKeys} keys
 */
export async function release(dir, { publicKeys, privateKey }) {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    ...(await commandLineOptions({ publicKeys })),
    outfile: join(dir, "selvage.mjs"),
    write: false,
  });
  await esbuild.stop();
  const program = outputFiles[0].contents;
  const { version, engines, license } = await readPackage(root);
  const manifest = {
    name: "selvage",
    version,
    // Nobody owns this name on the public registry, so npm must not publish it there.
    private: true,
    description: "The command line of Selvage",
    license,
    type: "module",
    engines,
    bin: { selvage: "selvage.mjs" },
    files: ["selvage.mjs"],
  };
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o755);
  const write = async (name, content, mode = 0o644) => {
    await writeFile(join(dir, name), content, { mode });
    await chmod(join(dir, name), mode);
  };
  await rm(join(dir, "selvage.mjs.sig"), { force: true });
  await write("selvage.mjs", program, 0o755);
  await write("selvage.pub", publicKeys[0].export({ type: "spki", format: "pem" }));
  if (privateKey) await write("selvage.mjs.sig", sign(null, program, privateKey));
  await write("package.json", `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(root, "cli/README.md"), join(dir, "README.md"));
  await copyFile(join(root, "LICENSE"), join(dir, "LICENSE"));
}

/**
 * Releases the command line into a data folder, by the operator's key or one that `npm start` creates there.
 * @param {{ dataDir: string, keysDir: string, given?: Record<string, string | undefined> }} settings
 * @returns {Promise<{ dir: string, notice: string | undefined }>}
 */
export async function releaseInto({ dataDir, keysDir, given = process.env }) {
  const dir = join(dataDir, "cli");
  if (given.RELEASE_KEY_FILE) {
    const keys = await releaseKeys(given);
    await release(dir, keys);
    return { dir, notice: keys.notice };
  }
  const { file, isNew } = await loadReleaseKey(keysDir);
  const wasReleased = await readFile(join(dir, "selvage.pub")).catch(() => undefined);
  await release(dir, await releaseKeys({ ...given, RELEASE_KEY_FILE: file }));
  const notice = `${file} was missing. Selvage created a new one: “selvage update” of former downloads refuses this program, so people download it again.`;
  return { dir, notice: isNew && wasReleased ? notice : undefined };
}

/**
 * Bundles the command line into one file, which can be copied to any machine. The same sources and public keys
 * give the same bytes, in whatever folder.
 * @param {{ publicKeys: readonly KeyObject[], root?: string }} settings
 * @returns {Promise<import("esbuild").BuildOptions>}
 */
export async function commandLineOptions({ publicKeys, root: folder = root }) {
  const { version } = await readPackage(folder);
  const embedded = publicKeys.map(publicText);
  return {
    // The bundle names each source by its path from here.
    absWorkingDir: folder,
    entryPoints: [join(folder, "cli/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    // Those machines may have an older Node.js than the one that runs the programs.
    target: "node20",
    // `update` reads the second line. Bundled CommonJS packages load Node's own modules with `require`.
    banner: {
      js: `#!/usr/bin/env node\n// Selvage command line ${version}\nimport { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);`,
    },
    define: { RELEASE_PUBLIC_KEYS: JSON.stringify(embedded) },
    logLevel: "error",
    tsconfig: join(folder, "tsconfig.json"),
  };
}

async function readPackage(folder) {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

async function readKey(name, file) {
  const pem = await readFile(file, "utf8").catch((error) => {
    throw new Refusal(`${name}: ${file} cannot be read (${error.code}).`);
  });
  const key = parseKey(pem);
  const isShared = process.platform !== "win32" && ((await stat(file)).mode & 0o077) !== 0;
  if (key?.type === "private" && isShared)
    throw new Refusal(`${name}: other users can read the private key in ${file}. Run: chmod 600 ${file}`);
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new Refusal(
    `${name}: ${file} is not an Ed25519 key in PEM format. Create one: openssl genpkey -algorithm ed25519 -out release.pem`,
  );
}

function parseKey(pem) {
  for (const parse of [createPrivateKey, createPublicKey]) {
    try {
      return parse(pem);
    } catch {}
  }
  return undefined;
}

/** A public key as one line, as people publish and compare it (SPKI, Base64). */
export function publicText(key) {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

function publicHalf(key) {
  return key.type === "private" ? createPublicKey(key) : key;
}
