import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const scripts = resolve(import.meta.dirname);
let folder: string;
let started: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "selvage-run-"));
  started = [];
});
afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A program that prints its process id, its options and its limit on core dumps, and keeps running. */
const program = `
  process.on("SIGTERM", () => process.exit(0));
  const { core_file_size_blocks: core } = process.report.getReport().userLimits;
  const isInspected = process.execArgv.includes("--disable-sigusr1") === false;
  console.log(JSON.stringify({ pid: process.pid, core: core.soft, isInspected, version: process.versions.node }));
  setInterval(() => {}, 1000);
`;

type Said = { pid: number; core: number | string; isInspected: boolean; version: string };

async function firstLine(child: ChildProcess): Promise<Said> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const line = text.split("\n").find((one) => one.startsWith("{") && one.endsWith("}"));
    if (line !== undefined) return JSON.parse(line);
  }
  throw new Error(`It ended without a line: ${text}`);
}

function start(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
  started.push(child);
  return child;
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(process.platform === "win32")("launcher/run.mjs", () => {
  it("starts a program without core dumps and without the inspector of SIGUSR1", async () => {
    writeFileSync(join(folder, "program.mjs"), program);
    // The shell allows core dumps, which is not the default on every machine.
    const run = `ulimit -S -c unlimited; exec "$0" "$@"`;
    const command = [process.execPath, join(scripts, "run.mjs"), "program.mjs"];
    const child = start("/bin/sh", ["-c", run, ...command]);
    const line = await firstLine(child);
    expect(line).toMatchObject({ core: 0, isInspected: false });
    process.kill(line.pid, "SIGUSR1");
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(isAlive(line.pid)).toBe(false);
  });

  it("explains how to build a program that is not built", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(scripts, "run.mjs"), "dist/web.mjs"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `\n${join(folder, "dist/web.mjs")} is missing: run npm run build.\n`,
    });
  });

  it("ends its program on SIGTERM to npm, whose shell forwards no signal", async () => {
    writeFileSync(join(folder, "program.mjs"), program);
    const line = `"${process.execPath}" "${join(scripts, "run.mjs")}" program.mjs`;
    writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts: { start: line } }));
    const npm = start("npm", ["start"]);
    const { pid } = await firstLine(npm);
    npm.kill("SIGTERM");
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

describe("a program started without a launcher", () => {
  it.skipIf(process.platform === "win32")("allows no core dump and opens no inspector", async () => {
    const { build } = await import("esbuild");
    const source = `import "@/lib/protect-process"; ${program}`;
    await build({
      stdin: { contents: source, resolveDir: resolve(scripts, ".."), loader: "ts" },
      outfile: join(folder, "program.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      tsconfig: resolve(scripts, "../tsconfig.json"),
    });
    writeFileSync(join(folder, "unprotected.mjs"), program);
    const run = `ulimit -S -c unlimited; exec "$0" "$@"`;
    const startProgram = async (file: string) => {
      const child = start("/bin/sh", ["-c", run, process.execPath, "--inspect-port=0", file]);
      let warnings = "";
      child.stderr?.on("data", (chunk) => {
        warnings += chunk;
      });
      return { ...(await firstLine(child)), warnings: () => warnings };
    };
    const guarded = await startProgram("program.mjs");
    const unprotected = await startProgram("unprotected.mjs");
    expect(guarded.core).toBe(0);
    // When the later signal has opened the inspector of a program without protection, this one's is still closed.
    for (const { pid } of [guarded, unprotected]) process.kill(pid, "SIGUSR1");
    await expect.poll(unprotected.warnings, { timeout: 10_000 }).toContain("Debugger listening");
    expect(isAlive(guarded.pid)).toBe(true);
    expect(guarded.warnings()).not.toContain("Debugger listening");
  });
});

describe("a program that exits with its parent", () => {
  it("receives messages from a child that it forks with its own options, as Next.js does in development", async () => {
    writeFileSync(
      join(folder, "program.mjs"),
      `import { fork } from "node:child_process";
      const child = fork("child.mjs");
      child.once("message", (options) => child.kill() && console.log(JSON.stringify({ options })));
      child.send("go");`,
    );
    writeFileSync(
      join(folder, "child.mjs"),
      "process.once('message', () => setTimeout(() => process.send(process.execArgv), 100));",
    );
    const exitWithParent = pathToFileURL(join(scripts, "exit-with-parent.mjs")).href;
    const program = spawn(
      process.execPath,
      ["--disable-sigusr1", `--import=${exitWithParent}`, "program.mjs"],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit", "ipc"],
      },
    );
    started.push(program);
    expect(await firstLine(program)).toEqual({ options: ["--disable-sigusr1"] });
  });
});

describe("the Node.js for all programs", () => {
  /**
   * The result of nodeRuntime() on this platform. The running Node.js has this version and is from no npm
   * package. `shadow` is a copy of `node` that PATH finds first.
   */
  const ask = ({ platform = process.platform as string, version = process.versions.node, shadow = "" }) => {
    const own = join(folder, "own-node");
    writeFileSync(own, "");
    const code = `process.execPath = ${JSON.stringify(own)};
      Object.defineProperty(process, "platform", { value: ${JSON.stringify(platform)} });
      Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
      import(${JSON.stringify(join(scripts, "node-runtime.mjs"))}).then((m) => console.log(m.nodeRuntime())).catch((error) => console.log(error.message));`;
    const env = shadow
      ? { PATH: dirname(shadow), npm_node_execpath: shadow }
      : { PATH: process.env.PATH, npm_node_execpath: "/nowhere" };
    const node = { encoding: "utf8" as const, env: { ...env, NODE_ENV: process.env.NODE_ENV } };
    return spawnSync(process.execPath, ["-e", code], node).stdout.trim().replace(own, "own");
  };
  const pinned = resolve(scripts, `../node_modules/node-linux-${process.arch}/bin/node`);

  it("is the machine's own when it is new enough", () => {
    expect(ask({})).toBe("own");
    expect(ask({ version: "24.0.0" })).toBe("own");
  });

  it.skipIf(process.platform !== "linux")(
    "is the lock file's, by its path, when the machine's own is too old",
    () => {
      expect(ask({ version: "20.20.2" })).toBe(pinned);
      expect(ask({ version: "23.11.1" })).toBe(pinned);
    },
  );

  it("is missing on macOS, and one sentence explains that", () => {
    expect(ask({ platform: "darwin", version: "20.20.2" })).toBe(
      `Selvage requires Node.js 24 or newer, but this is 20.20.2. npm has no Node.js 24 for darwin-${process.arch}: install it from https://nodejs.org.`,
    );
  });

  it.skipIf(process.platform !== "linux")("is never a copy in node_modules/.bin", () => {
    const shadow = join(folder, "node_modules/.bin/node");
    mkdirSync(dirname(shadow), { recursive: true });
    writeFileSync(shadow, "#!/bin/sh\necho 99.0.0\n", { mode: 0o755 });
    expect(ask({ shadow })).toBe("own");
    expect(ask({ shadow, version: "20.20.2" })).toBe(pinned);
  });
});

it("package.json, .nvmrc and the message to old versions name the same version", () => {
  const root = resolve(scripts, "..");
  const read = (file: string) => readFileSync(join(root, file), "utf8");
  const { engines, optionalDependencies, devDependencies } = JSON.parse(read("package.json"));
  expect(engines).toEqual({ node: ">=20.19" });
  expect(read(".nvmrc").trim()).toBe("24");
  const runtimes = Object.entries(optionalDependencies).filter(([name]) => name.startsWith("node-"));
  expect(runtimes).toHaveLength(3);
  for (const [, version] of runtimes) expect(version).toMatch(/^24\.\d+\.\d+$/);
  expect(devDependencies["@types/node"]).toMatch(/^24\./);
  expect(read("README.md")).toContain("Node.js 20.19 or newer");
  expect(read("launcher/node-version.mjs")).toContain("requires Node.js 20.19 or newer");
});
