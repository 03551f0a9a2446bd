import "../launcher/node-version.mjs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, builds, generate, isFresh } from "../launcher/build.mjs";
import { install } from "../launcher/install.mjs";
import { withLock } from "../launcher/lock.mjs";
import { nodeRuntime } from "../launcher/node-runtime.mjs";
import { attempt } from "../launcher/processes.mjs";
import { fail, step } from "../launcher/progress.mjs";
import { stopWithParent } from "../launcher/stop-with-parent.mjs";
import { ensureBrowser, installFromDebian } from "./browser.mjs";
import { writeClientsTable } from "./write-clients-table.mjs";

const root = resolve(import.meta.dirname, "..");
const reports = join(root, "test-results");
const withoutBrowser = process.argv.includes("--check");
const onlyPeers = process.argv.includes("--peers");
const env = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  CHECKPOINT_DISABLE: "1",
  ...(process.stdout.isTTY || { NO_COLOR: "1", FORCE_COLOR: undefined }),
  ...(process.argv.includes("--long") && { RUN_LONG: "1" }),
  ...(onlyPeers && { RUN_PEERS: "1" }),
};
const total = { passed: 0, failed: 0 };
const failures = [];

for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => process.exit(130));
stopWithParent(() => process.exit(143));

try {
  const debian = onlyPeers || withoutBrowser ? undefined : installFromDebian();
  await install();
  await mkdir(reports, { recursive: true });
  if (onlyPeers) {
    await step("Generating", generate);
    if (await stage("Peers", (show) => unitTests(show, "testing/peers"))) await writeClientsTable();
  } else if (withoutBrowser) {
    await step("Generating", generate);
    await checkSources();
    await stage("Tests", (show) => unitTests(show));
  } else {
    await step("Generating", generate);
    const browser = debian.then(ensureBrowser).then(
      () => undefined,
      (error) => error,
    );
    // Each suite keeps all cores busy. At once they take as long, and make each other's tests wait.
    const [built] = await Promise.all([stage("Build", buildForTests), checkSources()]);
    const missing = await browser;
    if (!missing && built) await stage("End-to-end tests", playTests);
    await stage("Tests", (show) => unitTests(show));
    // Thrown last, so that the other stages still report.
    if (missing) throw missing;
  }
} catch (error) {
  fail(error);
  total.failed += 1;
}
for (const { name, output } of failures) console.log(`\n── ${name} ──\n${output.trim()}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

async function checkSources() {
  const biome = (...args) => tool("@biomejs/biome/bin/biome", args);
  await stage("Format", biome("check", "--linter-enabled=false"));
  await stage("Lint", biome("lint", "--error-on-warnings"));
  await stage("Types", tool("typescript/bin/tsc", ["--noEmit", "--singleThreaded", "-p", "."]));
}

/**
 * Runs one stage, and returns whether it passed. Failures are printed at the end; later stages run
 * regardless.
 */
async function stage(name, work) {
  return step(name, async (show) => {
    const { passed, failed, output } = await work(show).catch((error) => ({
      passed: 0,
      failed: 1,
      output: error.message ?? String(error),
    }));
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) failures.push({ name, output });
    return failed === 0;
  });
}

/** A tool without a test report counts as one test. */
function tool(path, args) {
  return async (show) => {
    const [command, ...given] = [nodeRuntime(), join(root, "node_modules", path), ...args];
    const { code, output } = await attempt(command, given, { cwd: root, env, show });
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output };
  };
}

async function buildForTests(show) {
  await withLock(join(root, ".locks/build-test"), show, async () => {
    if (!(await isFresh(builds.test))) await build(builds.test, show);
  });
  return { passed: 1, failed: 0, output: "" };
}

/** Runs all unit and data tests, or those of a folder. */
function unitTests(show, ...folders) {
  const file = join(reports, "vitest.json");
  const args = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...folders,
  ];
  const command = [nodeRuntime(), ...args];
  return counted(command, file, { show }, ({ numPassedTests, numFailedTests, testResults }) => ({
    passed: numPassedTests,
    // A file that fails to load has no failed tests, so count it as one.
    failed:
      numFailedTests +
      testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length,
  }));
}

function playTests(show) {
  const file = join(reports, "playwright.json");
  const cli = join(root, "node_modules/@playwright/test/cli.js");
  const command = [nodeRuntime(), cli, "test", "--reporter=line,json"];
  const options = { show, env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: file } };
  return counted(command, file, options, ({ stats, errors }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
  }));
}

async function counted([command, ...args], file, options, count) {
  await rm(file, { force: true });
  const { code, output } = await attempt(command, args, { cwd: root, env, ...options });
  const text = await readFile(file, "utf8").catch(() => undefined);
  const { passed, failed } = text === undefined ? { passed: 0, failed: 0 } : count(JSON.parse(text));
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1), output };
}
