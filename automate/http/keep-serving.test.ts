import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "selvage-keep-serving-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = `
import { keepServing } from "@/automate/http/keep-serving";

keepServing((error, message) => console.log(JSON.stringify({ ...error, message })));
setTimeout(() => { throw new TypeError("canary"); }, 1);
setTimeout(() => void Promise.reject(Object.assign(new Error("canary"), { code: "57P01" })), 2);
setTimeout(() => void Promise.reject("canary"), 3);
setTimeout(() => console.log("alive"), 100);
`;

test("automate logs an uncaught error by name and code, and keeps running", async () => {
  const script = join(folder, "program.mts");
  writeFileSync(script, program);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script]);
  const message = "uncaught error";
  expect(stdout.trim().split("\n")).toEqual([
    JSON.stringify({ error: "TypeError", code: "", message }),
    JSON.stringify({ error: "Error", code: "57P01", message }),
    JSON.stringify({ error: "Error", code: "", message }),
    "alive",
  ]);
});
