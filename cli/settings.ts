import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Failure } from "@/cli/failure";

const stored = z.object({
  /** Where the app is. */
  url: z.url(),
  /** Where Automate is; by default the app's host at port 3001. */
  automateUrl: z.url().optional(),
  accessToken: z.string().optional(),
  /** Pipeline tokens by the fabric that they were stored for. */
  pipelineTokens: z.record(z.string(), z.string()).default({}),
});
export type Settings = z.output<typeof stored>;

/** The file that `login` writes, readable by its owner alone. */
export function settingsFile(): string {
  const base = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return join(base, "selvage", "settings.json");
}

/** What `login` stored, with what the environment says in its place: SELVAGE_URL, SELVAGE_AUTOMATE_URL, SELVAGE_TOKEN. */
export function readSettings(): Partial<Settings> & Pick<Settings, "pipelineTokens"> {
  const { SELVAGE_URL, SELVAGE_AUTOMATE_URL, SELVAGE_TOKEN } = process.env;
  return {
    pipelineTokens: {},
    ...readFile(),
    ...(SELVAGE_URL ? { url: SELVAGE_URL } : {}),
    ...(SELVAGE_AUTOMATE_URL ? { automateUrl: SELVAGE_AUTOMATE_URL } : {}),
    ...(SELVAGE_TOKEN ? { accessToken: SELVAGE_TOKEN } : {}),
  };
}

export function writeSettings(settings: Settings): void {
  mkdirSync(dirname(settingsFile()), { recursive: true, mode: 0o700 });
  writeFileSync(settingsFile(), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}

export function forgetSettings(): void {
  rmSync(settingsFile(), { force: true });
}

function readFile(): Settings | undefined {
  let text: string;
  try {
    text = readFileSync(settingsFile(), "utf8");
  } catch {
    return undefined;
  }
  const parsed = stored.safeParse(safeJson(text));
  if (!parsed.success) throw new Failure("usage", `${settingsFile()} is damaged: run “selvage login” again.`);
  return parsed.data;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
