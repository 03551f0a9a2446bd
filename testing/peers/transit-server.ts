import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "@/launcher/lock.mjs";
import { runProgram } from "@/testing/peers/real-server";

const root = join(import.meta.dirname, "../..");
const source = join(import.meta.dirname, "transit");
const install = "Install Go 1.25 or newer (go.dev/dl); it downloads the modules of testing/peers/transit.";

/** Builds Vault's own server with Transit, once for each content of its source. Returns the program. */
export async function buildTransitServer(): Promise<string> {
  const folder = join(root, ".peers/transit");
  const stamp = await Promise.all(["go.mod", "main.go"].map((file) => readFile(join(source, file), "utf8")));
  const program = join(
    folder,
    `server-${createHash("sha256").update(stamp.join()).digest("hex").slice(0, 12)}`,
  );
  await withLock(
    join(root, ".locks/peers", "transit"),
    () => {},
    async () => {
      if (existsSync(program)) return;
      await mkdir(folder, { recursive: true });
      await runProgram("go", ["build", "-o", `${program}.new`, "."], install, source);
      await rename(`${program}.new`, program);
    },
  );
  return program;
}
