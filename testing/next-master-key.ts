import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyring, openKeyring } from "@/lib/kms/keyring";

/** The master key of the environment, a new local one, and the keyring in which the new one is the primary. */
export async function createNextMasterKey() {
  const former = (await openKeyring({ masterKeyFile: process.env.MASTER_KEY_FILE ?? "" })).primary;
  const file = join(mkdtempSync(join(tmpdir(), "selvage-keys-")), "next.key");
  writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  const next = { ...(await openKeyring({ masterKeyFile: file })).primary, label: "next" };
  return { former, next, keyring: createKeyring([former, next], "next") };
}
