import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalKey } from "@/lib/kms/providers/local";
import type { KeyService } from "@/testing/key-services/key-service";

/** Two master keys in files. They know no other situation than "works". */
export async function startLocal(): Promise<KeyService> {
  const folder = await mkdtemp(join(tmpdir(), "selvage-local-"));
  const open = async (name: string) => openLocalKey({ file: join(folder, name) });
  for (const name of ["one", "other"])
    await writeFile(join(folder, name), randomBytes(32).toString("base64url"), { mode: 0o600 });
  return {
    open: () => open("one"),
    openOther: () => open("other"),
    be: () => {},
    requests: () => 0,
    close: () => rm(folder, { recursive: true }),
  };
}
