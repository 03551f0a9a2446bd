import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { calculateJwkThumbprint, type JWK } from "jose";
import { backupFormat, type Manifest, manifestFile, manifestSchema, signatureFile } from "@/backup/manifest";
import { BackupRefused } from "@/backup/refused";
import type { BackupStatement } from "@/lib/backups/schema";
import { NotSigned, signerOf, verifyStatement } from "@/lib/backups/statement";
import { isOlder, programVersion } from "@/lib/program-version";
import { migrationNames } from "@/prisma/migrate/apply-migrations";

/** A complete backup whose signature and files are verified. Only `openBackup` makes one. */
export type VerifiedBackup = {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly statement: BackupStatement;
};

/** The backup in `path`, or the latest of those in it. Throws `BackupRefused` without one. */
export async function findBackup(path: string): Promise<string> {
  if (await isThere(join(path, manifestFile))) return path;
  const names = await readdir(path).catch(() => {
    throw new BackupRefused(`${path} cannot be read: it is no folder, or not yours.`);
  });
  // The names begin with the time.
  const latest = names
    .filter((name) => /^selvage-\d{4}-/.test(name))
    .sort()
    .at(-1);
  if (latest === undefined)
    throw new BackupRefused(`${path} contains no complete backup: it has no ${manifestFile}.`);
  return join(path, latest);
}

/**
 * Verifies a backup completely: that one of these keys signed it, each file's length and digest, and that this program
 * can restore it. Throws `BackupRefused`.
 */
export async function openBackup(folder: string, accepted: readonly JWK[]): Promise<VerifiedBackup> {
  const text = await readFile(join(folder, manifestFile), "utf8").catch(() => undefined);
  const signature = await readFile(join(folder, signatureFile), "utf8").catch(() => undefined);
  if (text === undefined || signature === undefined)
    throw new BackupRefused(
      `${folder} is not a complete backup: ${manifestFile} or ${signatureFile} is missing.`,
    );
  const statement = await verifyStatement("selvage-backup", signature, accepted).catch(async (error) => {
    if (!(error instanceof NotSigned)) throw new BackupRefused(`${join(folder, signatureFile)} is damaged.`);
    const ours = await Promise.all(accepted.map((key) => calculateJwkThumbprint(key)));
    throw new BackupRefused(
      `The signature of ${folder} is not valid. ${error.message} It names the key ${signerOf(signature)}; accepted: ${ours.join(" and ")}. Nothing was changed.`,
    );
  });
  if (createHash("sha256").update(text).digest("hex") !== statement.manifest)
    throw new BackupRefused(
      `${join(folder, manifestFile)} was changed after automate signed it. Nothing was changed.`,
    );
  const manifest = await parseManifest(folder, text);
  for (const { file, bytes, sha256 } of manifest.tables) {
    const path = join(folder, file);
    const { size } = await stat(path).catch(() => ({ size: -1 }));
    if (size < bytes)
      throw new BackupRefused(
        `${path} is ${size < 0 ? "missing" : `truncated: ${size} of ${bytes} bytes`}. Nothing was changed.`,
      );
    if ((await digestOf(path)) !== sha256)
      throw new BackupRefused(`${path} was changed after automate signed the backup. Nothing was changed.`);
  }
  return { folder, manifest, statement };
}

async function parseManifest(folder: string, text: string): Promise<Manifest> {
  const parsed = manifestSchema.safeParse(JSON.parse(text));
  const { format, programVersion: version } = manifestSchema
    .pick({ format: true, programVersion: true })
    .parse(JSON.parse(text));
  const known = new Set(await migrationNames());
  const unknown = parsed.data?.migrations.filter((name) => !known.has(name)) ?? [];
  if (format > backupFormat || isOlder(programVersion, version) || unknown.length > 0)
    throw new BackupRefused(
      `${basename(folder)} was made by version ${version}, which is newer than this one (${programVersion}): restore it with that version. Nothing was changed.`,
    );
  if (!parsed.success) throw new BackupRefused(`${join(folder, manifestFile)} is malformed.`);
  return parsed.data;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
