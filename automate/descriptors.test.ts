import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { buildCheckWorker } from "@/e2e/fakes/built-worker";

const worker = buildCheckWorker();
const folder = mkdtempSync(join(tmpdir(), "selvage-descriptors-"));
const script = join(folder, "checks.mts");
afterAll(() => {
  worker.remove();
  rmSync(folder, { recursive: true });
});

/** Has checks run before, while and after every descriptor of its process is used up. */
const program = `
import { closeSync, openSync } from "node:fs";
import { createCheckPool } from "@/automate/check-pool";
import { createJob } from "@/e2e/fakes/trial-job";

const pool = createCheckPool({ workerPath: ${JSON.stringify(worker.path)}, size: 1 });
const job = createJob("restapi", { baseUrl: "http://127.0.0.1:9", authType: "none", tlsMode: "disable" }, {});
const run = async () => {
  const result = await pool.run(job, () => {});
  return result.ok ? "ok" : result.code;
};
const codes: string[] = [];
const held: number[] = [];
const useUp = async () => {
  // What was killed lets go of its own first, and the next worker has been prewarmed.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  try {
    for (;;) held.push(openSync("/dev/null"));
  } catch {}
};
codes.push(await run());
await useUp();
codes.push(await run());
for (const _ of [1, 2]) {
  await useUp();
  codes.push(await run());
}
for (const one of held) closeSync(one);
codes.push(await run());
console.log(JSON.stringify(codes));
pool.close();
process.exit(0);
`;

test.skipIf(process.platform === "win32")(
  "a check for which no process can start is busy, and automate goes on",
  async () => {
    writeFileSync(script, program);
    const flags = ["--import", "tsx", "--conditions=react-server", script];
    const { stdout } = await promisify(execFile)(
      "/bin/sh",
      ["-c", 'ulimit -n 120 && exec "$0" "$@"', process.execPath, ...flags],
      { timeout: 60_000 },
    );
    expect(JSON.parse(stdout)).toEqual([
      ...["address_refused", "address_refused"],
      ...["busy", "busy"],
      "address_refused",
    ]);
  },
  90_000,
);
