import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { safeJson } from "@/cli/safe-json";

const server = z.object({
  /** Automate's address. Default: the app's host at port 3001. */
  automateUrl: z.string().optional(),
  accessToken: z.string().optional(),
  /** Pipeline tokens by fabric, each with the address of the Automate that it was stored for. */
  pipelineTokens: z.record(z.string(), z.object({ token: z.string(), automateUrl: z.string() })).default({}),
});
/** The stored settings of one Selvage. */
export type Server = z.output<typeof server>;

const stored = z.object({
  /** The Selvage of the last login. */
  url: z.string(),
  /** By origin, so that a token is only ever sent to the origin that it was stored for. */
  servers: z.record(z.string(), server),
});
export type Settings = z.output<typeof stored>;

/** The file that `login` writes. Only its owner can read it. */
export function settingsFile(): string {
  const base = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return join(base, "selvage", "settings.json");
}

/** The stored settings; undefined when the file is missing or damaged. */
export function findSettings(): Settings | undefined {
  const parsed = stored.safeParse(safeJson(readFile() ?? ""));
  return parsed.success ? parsed.data : undefined;
}

/**
 * The Selvage of SELVAGE_URL or of the last login, with its stored settings. SELVAGE_TOKEN replaces the
 * stored token.
 */
export function currentServer(): Server & { url?: string } {
  const { SELVAGE_URL, SELVAGE_TOKEN } = process.env;
  const settings = findSettings();
  if (!settings && readFile() !== undefined && !SELVAGE_URL)
    throw new Failure("usage", `${settingsFile()} is damaged: run “selvage login” again.`);
  const url = SELVAGE_URL ? originOf("SELVAGE_URL", SELVAGE_URL) : settings?.url;
  if (url === undefined) return { pipelineTokens: {} };
  return {
    ...serverAt(settings, url),
    url,
    ...(SELVAGE_TOKEN ? { accessToken: SELVAGE_TOKEN } : {}),
  };
}

/** The stored settings for this origin. */
export function serverAt(settings: Settings | undefined, url: string): Server {
  return settings?.servers[url] ?? { pipelineTokens: {} };
}

/** Replaces the file with a new one, because the old file's mode may have been too permissive. */
export function writeSettings(settings: Settings): void {
  const folder = dirname(settingsFile());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = join(folder, `.settings-${randomUUID()}`);
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(file, settingsFile());
}

export function deleteSettings(): void {
  rmSync(settingsFile(), { force: true });
}

/**
 * The origin of an address of Selvage or Automate. Throws a `Failure` that begins with `source`, the source of
 * the address.
 */
export function originOf(source: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new Failure("usage", `${source} must be an address such as https://selvage.example.com`);
  return url.origin;
}

/**
 * Returns the token if a header can hold it. Otherwise throws a `Failure`, which does not repeat the token.
 */
export function sendable(source: string, token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Failure(
    "usage",
    `${source} is not a token: it is empty, or contains spaces, line breaks or other characters that a token cannot have.`,
  );
}

function readFile(): string | undefined {
  try {
    return readFileSync(settingsFile(), "utf8");
  } catch {
    return undefined;
  }
}
