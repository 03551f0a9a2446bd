import { readFile, stat } from "node:fs/promises";
import { BadMasterKey, KeyServiceFault } from "@/lib/kms/define";

/**
 * Reads a file that only its owner may read. `name` begins the sentences, such as "The master key file". Throws
 * `KeyServiceFault` when the file is missing, and `BadMasterKey` when others can read it.
 */
export async function readOwnerOnly(file: string, name: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new KeyServiceFault(
      "missing",
      `${name} ${file} is missing or cannot be read: restore it from your backup.`,
    );
  });
  const { mode } = await stat(file);
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new BadMasterKey(`${name} ${file} can be read by others: set its mode to 600.`);
  return text;
}
