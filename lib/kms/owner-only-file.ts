import { readFile, stat } from "node:fs/promises";
import { BadMasterKey, KeyServiceFault } from "@/lib/kms/define";

/**
 * Reads a file that only its owner may read. `name` begins the sentences, such as "The master key file". Throws
 * `KeyServiceFault` when the file is missing, and `BadMasterKey` when others can read it.
 */
export async function readOwnerOnly(file: string, name: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(({ code }) => {
    const user = process.getuid ? ` (uid ${process.getuid()})` : "";
    const fault =
      code === "ENOENT"
        ? "is missing: restore it from your backup."
        : `cannot be read (${code}): this program's user${user} must own it and reach its folder.`;
    throw new KeyServiceFault("missing", `${name} ${file} ${fault}`);
  });
  const { mode } = await stat(file);
  if (process.platform !== "win32" && (mode & 0o077) !== 0)
    throw new BadMasterKey(`${name} ${file} can be read by others: set its mode to 600.`);
  return text;
}
