import "@/lib/protect-process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runDrill } from "@/backup/drill";
import { signatureFile } from "@/backup/manifest";
import { findBackup, openBackup } from "@/backup/read-backup";
import { BackupRefused } from "@/backup/refused";
import { restoreBackup } from "@/backup/restore-backup";
import { acceptedKeys } from "@/backup/signing-key";
import { backupText, drillText, printableText, restoredText, writtenText } from "@/backup/texts";
import { writeBackup } from "@/backup/write-backup";
import { NotSigned, signerOf, verifyStatement } from "@/lib/backups/statement";
import { connectionFault } from "@/lib/db/connection-fault";
import { isOutage } from "@/lib/db/errors";
import { automatePublicKeys, BadEnvironment } from "@/lib/env";
import { askAsOperator, OperatorRefused } from "@/lib/internal-api/operator-client";
import { ownerOptions } from "@/prisma/migrate/environment";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";

// The operator's programs for backups. They hold the owner's database URL and the operator's key, and cannot open
// a value: a drill asks automate.
const usage = `Usage:
  npm run backup  -- --to FOLDER                      writes a backup into a new folder below FOLDER
  npm run restore -- --from FOLDER [--keep-access] [--signed-by FINGERPRINT]
                                                      restores a backup, or the latest in FOLDER, into an empty database;
                                                      accepts the key beside the backup that has this fingerprint
  npm run drill   -- --from FOLDER [--sample N|all] [--receipt FILE]
                                                      restores the latest backup beside the database, opens one value
                                                      of each fabric and N others (1000), and removes it again
  npm run drill   -- --verify RECEIPT                 verifies the receipt of a drill, without network`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  backup: async (args) => {
    const { to } = options(args, { to: "string" });
    const written = await writeBackup({
      databaseUrl: ownerOptions().databaseUrl,
      parent: required(to),
      sign: async (statement, bytes) =>
        (await askAsOperator("backup:sign", { ...statement, bytes })).signature,
      publicKeys: automatePublicKeys(),
    });
    print(writtenText(written, await signerIn(written.folder)));
    return 0;
  },
  restore: async (args) => {
    const {
      from,
      "keep-access": keepAccess,
      "signed-by": fingerprint,
    } = options(args, { from: "string", "keep-access": "boolean", "signed-by": "string" });
    const target = ownerOptions();
    const folder = await findBackup(required(from));
    const accepted = await acceptedKeys(folder, typeof fingerprint === "string" ? fingerprint : undefined);
    const backup = await openBackup(folder, accepted);
    print(backupText(folder, backup.manifest, await signerIn(folder)));
    const ended = await restoreBackup(backup, {
      ...target,
      keepAccess: keepAccess === true,
      log: print,
    });
    print(restoredText(ended, keepAccess === true));
    return 0;
  },
  drill: async (args) => {
    const { from, sample, receipt, verify } = options(args, {
      from: "string",
      sample: "string",
      receipt: "string",
      verify: "string",
    });
    if (verify !== undefined) return verifyReceipt(String(verify));
    const parent = required(from);
    const folder = await findBackup(parent);
    const backup = await openBackup(folder, automatePublicKeys());
    print(backupText(folder, backup.manifest, await signerIn(folder)));
    const { statement, file } = await runDrill(backup, {
      databaseUrl: ownerOptions().databaseUrl,
      drillUrl: process.env.DRILL_DATABASE_URL || undefined,
      sample: sampleOf(sample),
      receiptFile: typeof receipt === "string" ? resolve(receipt) : undefined,
      log: print,
    });
    print(`${drillText(statement)}\n  receipt: ${file}`);
    return statement.passed ? 0 : 1;
  },
};

async function verifyReceipt(file: string): Promise<number> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new BackupRefused(`${file} cannot be read.`);
  });
  const statement = await verifyStatement("selvage-drill", text, automatePublicKeys()).catch((error) => {
    if (!(error instanceof NotSigned)) throw new BackupRefused(`${file} is no receipt of a drill.`);
    throw new BackupRefused(
      `The receipt is not genuine. ${error.message} Accepted are the keys in AUTOMATE_PUBLIC_KEY.`,
    );
  });
  print(`Automate signed this receipt (key ${signerOf(text)}).\n${drillText(statement)}`);
  return statement.passed ? 0 : 1;
}

function print(text: string): void {
  console.log(printableText(text));
}

async function signerIn(folder: string): Promise<string> {
  return signerOf(await readFile(join(folder, signatureFile), "utf8"));
}

function sampleOf(text: string | boolean | undefined): number {
  if (text === undefined) return 1000;
  if (text === "all") return Number.MAX_SAFE_INTEGER;
  if (/^\d{1,9}$/.test(String(text))) return Number(text);
  throw new BackupRefused(`--sample is a number or "all".\n${usage}`);
}

function required(value: string | boolean | undefined): string {
  if (typeof value !== "string" || value === "") throw new BackupRefused(usage);
  return resolve(value);
}

function options(args: string[], types: Record<string, "string" | "boolean">) {
  try {
    const described = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
    return parseArgs({ args, options: described }).values as Record<string, string | boolean | undefined>;
  } catch {
    throw new BackupRefused(usage);
  }
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new BackupRefused(usage);
  process.exit(await command(args));
} catch (error) {
  console.error(printableText(errorText(error)));
  process.exit(1);
}

function errorText(error: unknown): string {
  const isExpected =
    error instanceof BackupRefused ||
    error instanceof BadEnvironment ||
    error instanceof MigrationRefused ||
    error instanceof OperatorRefused;
  if (isExpected) return error.message;
  const url = process.env.DATABASE_URL ?? "";
  if (isOutage(error) && URL.canParse(url)) return connectionFault(error, url).sentence;
  // A driver's message may contain a row of a table, and so a name or a sealed value.
  const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
  return `The command failed${code}: ${error instanceof Error ? error.name : "unknown error"}.`;
}
