import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLogStream } from "@/lib/log-stream";

it("the log contains every line in order after a flush", async () => {
  const folder = mkdtempSync(join(tmpdir(), "selvage-log-"));
  const file = join(folder, "log");
  const fd = openSync(file, "a");
  const log = createLogStream(fd);
  const lines = Array.from({ length: 2000 }, (_, number) => `line ${number} – é\n`);
  for (const [number, line] of lines.entries()) {
    log.write(line);
    if (number % 500 === 0) await log.flush();
  }
  await log.flush();
  expect(readFileSync(file, "utf8")).toBe(lines.join(""));
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

it.skipIf(process.platform !== "linux")("a full disk loses log lines and throws no error", async () => {
  const fd = openSync("/dev/full", "w");
  const log = createLogStream(fd);
  log.write("lost\n");
  await log.flush();
  log.write("lost too\n");
  await log.flush();
  closeSync(fd);
});
