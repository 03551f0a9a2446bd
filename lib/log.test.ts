import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";

const value = "hunter2-plain-body";

function runProgram(lines: string, stdout: "pipe" | number = "pipe") {
  const source = `import { log, logFailure, redirectConsole } from "./lib/log.ts"; redirectConsole(); ${lines}`;
  const args = ["--conditions=react-server", "--import", "tsx", "--input-type=module", "-e", source];
  const stdio = ["ignore", stdout, "pipe"] as const;
  return spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000, stdio: [...stdio] });
}

/** The parsed log lines of a program with this source. */
function printed(lines: string): unknown[] {
  const { stdout, stderr } = runProgram(lines);
  expect(stderr).toBe("");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("the message of an error stays out of the log, whatever path it takes", () => {
  const lines = printed(`
    const broken = (() => { try { JSON.parse(${JSON.stringify(`"${value}`)}); } catch (error) { return error; } })();
    const driver = Object.assign(new Error("at 10.0.0.1:5432 ${value}"), { name: "DatabaseError", code: "57P01" });
    logFailure("request", broken, { route: "/metadata", status: 500 });
    console.error(broken);
    console.error("Error: ${value}", driver);
    console.warn("${value}");
    console.log({ value: "${value}" });
    logFailure("sign-in", Object.assign(new Error("x"), { name: "${value} ".repeat(3), code: "${value} at" }));
    logFailure("thrown", "${value}");
    // After the lines of the console, which wait for their turn.
    setImmediate(() => { Promise.reject(driver); throw Object.assign(new Error("${value}"), { cause: { originalCode: "23505" } }); });
  `);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
  const time = expect.any(String);
  const error = { time, level: "error" };
  expect(lines).toEqual([
    { ...error, message: "request", route: "/metadata", status: 500, name: "SyntaxError" },
    { ...error, message: "sign-in", name: "Error" },
    { ...error, message: "thrown", name: "string" },
    { ...error, message: "console.error", name: "DatabaseError", code: "57P01" },
    { ...error, message: "console.warn" },
    { time, level: "info", message: "console.log" },
    { ...error, message: "uncaught", name: "Error", code: "23505" },
    { ...error, message: "unhandled rejection", name: "DatabaseError", code: "57P01" },
  ]);
});

test.skipIf(process.platform !== "linux")("a full disk loses log lines and causes no further error", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = runProgram(
    `let errors = 0;
    process.on("uncaughtException", () => { errors += 1; });
    log("info", "lost");
    setTimeout(() => { process.stderr.write(String(errors)); process.exit(0); }, 200);`,
    full,
  );
  closeSync(full);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "0" });
});
