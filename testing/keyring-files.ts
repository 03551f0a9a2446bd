import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The file of a new master key. */
export function newMasterKey(): string {
  const file = join(mkdtempSync(join(tmpdir(), "selvage-keys-")), "master.key");
  writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return file;
}

/** The file of a keyring of these master keys. The first is the primary. */
export function keyringOf(...files: string[]): string {
  const config = join(mkdtempSync(join(tmpdir(), "selvage-keys-")), "keyring.json");
  const listed = files.map((file, index) => ({ label: `key ${index}`, provider: "local", file }));
  writeFileSync(config, JSON.stringify({ primary: "key 0", keys: listed }), { mode: 0o600 });
  return config;
}
