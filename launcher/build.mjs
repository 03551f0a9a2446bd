import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { nodeRuntime } from "./node-runtime.mjs";
import { run } from "./processes.mjs";
import { fail, step } from "./progress.mjs";
import { publicText, release, releaseKeys } from "./release.mjs";

const root = resolve(import.meta.dirname, "..");
const bin = (path) => join(root, "node_modules", path);

/** Programs outside Next, and their entry files. */
const programs = {
  web: "web/server.ts",
  automate: "automate/server.ts",
  "worker-host": "worker/host.ts",
  "check-worker": "worker/main.ts",
  migrate: "prisma/migrate/main.ts",
  admin: "admin/main.ts",
  "pkcs11-host": "lib/kms/pkcs11-host.ts",
  backup: "backup/main.ts",
  seed: "prisma/demo/seed.ts",
};

/** Everything that a build depends on. */
const sources = [
  ...["admin", "app", "automate", "backup", "cli", "components", "launcher", "lib"],
  ...["prisma", "public", "web", "worker"],
];
const sourceFiles =
  /^(next\.config\.mjs|postcss\.config\.mjs|tsconfig\.json|package-lock\.json|instrumentation.*\.ts)$/;
const generated = "lib/generated";

/**
 * How each program becomes one file, which imports its packages. Three packages are a part of it, because every
 * check worker loads them: it starts in two thirds of the time.
 * @satisfies {import("esbuild").BuildOptions}
 */
export const programOptions = /** @type {const} */ ({
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  packages: "external",
  alias: {
    zod: bin("zod/index.js"),
    "ipaddr.js": bin("ipaddr.js/lib/ipaddr.js"),
    oauth4webapi: bin("oauth4webapi/build/index.js"),
  },
});

/** The folders of each build. Tests have their own, so that they never overwrite a running server's files. */
export const builds = {
  start: { next: ".next", dist: "dist" },
  test: {
    next: ".next-test",
    dist: "dist-test",
    // The same worker, routed to the tests' own servers instead of the real services.
    programs: { "check-worker": "testing/servers/routed-check-worker.ts" },
  },
  // `next dev` compiles pages on demand, in its own folder below this one.
  dev: { next: ".next", dist: "dist-dev" },
};

/** Generates the database client when the schema or its generator changed. */
export async function generate(show = () => {}) {
  const stamp = await hash(["prisma", "node_modules/prisma/package.json", "prisma.config.ts"]);
  const file = join(root, generated, "stamp");
  if ((await readFile(file, "utf8").catch(() => "")) === stamp) return;
  // Without this variable Prisma would download an engine that generating does not need.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: nodeRuntime(), CHECKPOINT_DISABLE: "1" };
  await run(nodeRuntime(), [bin("prisma/build/index.js"), "generate"], { cwd: root, env, show });
  await writeFile(file, stamp);
}

/** True when the build matches the current sources. */
export async function isFresh(build) {
  return (await readFile(stampFile(build), "utf8").catch(() => "")) === (await hashSources(build));
}

/** Builds everything that runs in production. */
export async function build(target, show = () => {}) {
  const stamp = await hashSources(target);
  await rm(stampFile(target), { force: true });
  await generate(show);
  await bundle(target);
  await writeTsconfig(target);
  if (target === builds.dev) return;
  const env = {
    ...process.env,
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    NEXT_DIST_DIR: target.next,
    NEXT_TSCONFIG: tsconfigFile(target),
  };
  await run(nodeRuntime(), [bin("next/dist/bin/next"), "build"], { cwd: root, env, show });
  await writeFile(stampFile(target), stamp);
}

/** Rebuilds the bundles whenever a source changes. */
export async function watchBundles(target, onChange) {
  const { context } = await import("esbuild");
  let first = true;
  const notify = {
    name: "notify",
    setup: (build) =>
      build.onEnd(({ errors }) => {
        if (!first && errors.length === 0) void onChange();
        first = false;
      }),
  };
  const options = await bundleOptions(target);
  const watcher = await context({ ...options, plugins: [...options.plugins, notify] });
  await watcher.watch();
  return { stop: () => watcher.dispose() };
}

async function bundle(target) {
  const esbuild = await import("esbuild");
  await esbuild.build(await bundleOptions(target));
  await esbuild.stop();
}

/** @returns {Promise<import("esbuild").BuildOptions>} */
export async function bundleOptions(target) {
  const entryPoints = {};
  for (const [name, path] of Object.entries({ ...programs, ...target.programs })) {
    if ((await readFile(join(root, path)).catch(() => undefined)) !== undefined)
      entryPoints[name] = join(root, path);
  }
  return {
    entryPoints,
    outdir: join(root, target.dist),
    ...programOptions,
    sourcemap: "linked",
    logLevel: "error",
    tsconfig: join(root, "tsconfig.json"),
    define: { ROUTES_FILE: JSON.stringify(join(root, target.dist, "routes.json")) },
    plugins: [serverOnly],
  };
}

/**
 * The `server-only` marker throws outside React's server condition. Next's own server cannot run under that
 * condition, so bundles replace the marker with an empty module.
 */
const serverOnly = {
  name: "server-only",
  setup(build) {
    build.onResolve({ filter: /^server-only$/ }, ({ path }) => ({ path, namespace: "empty" }));
    build.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "" }));
  },
};

/** Next rewrites its tsconfig file, so every build has its own. */
export const tsconfigFile = ({ dist }) => `${dist}/tsconfig.json`;

async function writeTsconfig(target) {
  await mkdir(join(root, target.dist), { recursive: true });
  await writeFile(join(root, tsconfigFile(target)), JSON.stringify({ extends: "../tsconfig.json" }));
}

function stampFile({ dist }) {
  return join(root, dist, "stamp");
}

async function hashSources({ programs: replaced = {} }) {
  const files = (await readdir(root)).filter((name) => sourceFiles.test(name));
  return hash([...sources, ...files, ...Object.values(replaced)]);
}

async function hash(paths) {
  const digest = createHash("sha256");
  for (const path of paths.sort())
    for (const file of await list(join(root, path))) {
      digest
        .update(`${relative(root, file)}\0`)
        .update(await readFile(file))
        .update("\0");
    }
  return digest.digest("hex");
}

async function list(path) {
  if (relative(root, path) === generated || /\.test\.tsx?$/.test(path)) return [];
  const entries = await readdir(path).catch((error) => (error.code === "ENOTDIR" ? undefined : []));
  if (entries === undefined) return [path];
  return (await Promise.all(entries.sort().map((name) => list(join(path, name))))).flat();
}

async function buildRelease(show) {
  // First, because a wrong RELEASE_KEY_FILE ends the build.
  const keys = await releaseKeys(process.env);
  await build(builds.start, show);
  await release(join(root, builds.start.dist, "cli"), keys);
  if (process.env.RELEASE_KEY_FILE) console.log(`Release key, to publish: ${publicText(keys.publicKeys[0])}`);
  if (keys.notice) console.log(keys.notice);
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes("--generate")) await generate().catch(fail);
  else await step("Building", buildRelease).catch(fail);
}
