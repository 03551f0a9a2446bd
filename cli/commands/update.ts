import { createPublicKey, randomUUID, verify } from "node:crypto";
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { Failure } from "@/cli/failure";
import { print } from "@/cli/output";
import { automateOf } from "@/cli/runtime-client";
import { currentServer } from "@/cli/settings";
import { version } from "@/package.json";

/** The release keys that this program trusts (SPKI, Base64). The build sets it. */
declare const RELEASE_PUBLIC_KEYS: readonly string[];

const maxBytes = 16 * 1024 * 1024;

export function addUpdate(program: Command): void {
  program
    .command("update")
    .description("replace this program with the one of your Automate, if a release key signed it")
    .addHelpText("after", `\nRelease keys that this program trusts:\n  ${RELEASE_PUBLIC_KEYS.join("\n  ")}`)
    .action(update);
}

async function update(): Promise<void> {
  const automateUrl = automateOf(currentServer());
  const file = realpathSync(process.argv[1] ?? "");
  const program = await download(automateUrl, "/cli/selvage.mjs");
  if (program.equals(readFileSync(file)))
    return print({ version, updated: false }, `${version} is up to date.`);
  const signature = await download(automateUrl, "/cli/selvage.mjs.sig");
  if (!isTrusted(program, signature))
    throw new Failure(
      "failed",
      `The program at ${automateUrl} is not signed by a release key that this program trusts. Nothing was changed. During an upgrade of Automate, try again in a minute. Otherwise ask its operator before you download it again.`,
    );
  const offered = /^\/\/ Selvage command line (\d+\.\d+\.\d+)$/m.exec(program.toString("utf8", 0, 200))?.[1];
  // An attacker could offer an old release, with its valid signature, for a bug that it has.
  if (!offered || isOlder(offered, version))
    throw new Failure(
      "failed",
      `The program at ${automateUrl} is older than this one (${version}): nothing was changed.`,
    );
  replace(file, program);
  print({ version: offered, updated: true }, `Updated ${file} to ${offered}.`);
}

async function download(automateUrl: string, path: string): Promise<Buffer> {
  const response = await fetch(new URL(path, automateUrl), {
    redirect: "error",
    signal: AbortSignal.timeout(60_000),
  }).catch(() => undefined);
  if (!response) throw new Failure("unavailable", `Automate does not answer at ${automateUrl}.`);
  if (!response.ok)
    throw new Failure(
      response.status === 404 ? "not_found" : "unavailable",
      `The server at ${automateUrl} offers no command line (status ${response.status}): ask its operator.`,
    );
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Failure("failed", `The program at ${automateUrl} is too large.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isTrusted(program: Buffer, signature: Buffer): boolean {
  return RELEASE_PUBLIC_KEYS.some((key) =>
    verify(
      null,
      program,
      createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" }),
      signature,
    ),
  );
}

function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, "en", { numeric: true }) < 0;
}

/** Replaces the file in one step: a reader finds the former program or the new one. */
function replace(file: string, program: Buffer): void {
  const draft = join(dirname(file), `.selvage-${randomUUID()}`);
  try {
    writeFileSync(draft, program, { mode: statSync(file).mode & 0o777, flag: "wx", flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new Failure("failed", `${file} cannot be replaced${code}: nothing was changed.`);
  }
}
