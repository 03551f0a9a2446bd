import type { Command } from "commander";
import { z } from "zod";
import { Failure } from "@/cli/failure";
import { manage } from "@/cli/management-client";
import { tell } from "@/cli/output";
import { askInTurn } from "@/cli/read-password";
import { automateOf, isPipelineToken } from "@/cli/runtime-client";
import {
  findSettings,
  forgetSettings,
  originOf,
  type Server,
  sendable,
  serverAt,
  settingsFile,
  writeSettings,
} from "@/cli/settings";
import { readValue } from "@/cli/values";

type Options = { url?: string; automateUrl?: string; pipeline?: string };

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("store an access token (Settings → Access tokens), or a pipeline token with --pipeline")
    .option("--url <url>", "where Selvage is")
    .option("--automate-url <url>", "where Automate is, for run")
    .option("--pipeline <fabric>", "store the pipeline token of this fabric, for run")
    .addHelpText("after", "\nTokens are stored for the address that they belong to, and sent nowhere else.")
    .action(login);
  program
    .command("logout")
    .description("forget what login stored")
    .action(() => {
      forgetSettings();
      tell({ ok: true }, "Forgotten. The tokens still work: revoke them in the app.");
    });
}

async function login({ url: given, automateUrl, pipeline }: Options): Promise<void> {
  const settings = findSettings();
  // Validates the address before any prompt, so that a wrong one fails at once.
  const automate = automateUrl === undefined ? undefined : originOf("--automate-url", automateUrl);
  const { url, token } = await readToken(
    given ?? (process.env.SELVAGE_URL || settings?.url),
    pipeline === undefined ? "Access token: " : "Pipeline token: ",
  );
  const former = serverAt(settings, url);
  const server: Server = automate ? { ...former, automateUrl: automate } : former;
  const write = (changed: Server) =>
    writeSettings({ url, servers: { ...settings?.servers, [url]: changed } });
  if (pipeline !== undefined) {
    if (!isPipelineToken(token))
      throw new Failure(
        "usage",
        "That is no pipeline token: they are svp_ and 43 letters, digits, “-” and “_”. Copy all of it.",
      );
    const stored = { token, automateUrl: automate ?? automateOf({ ...server, url }) };
    write({ ...server, pipelineTokens: { ...server.pipelineTokens, [pipeline.toLowerCase()]: stored } });
    return tell({ ok: true }, `Stored the pipeline token of ${pipeline} in ${settingsFile()}.`);
  }
  const teams = z.object({ teams: z.array(z.object({ name: z.string() })) });
  const found = await manage("GET", "/team", teams, undefined, { url, accessToken: token });
  write({ ...server, accessToken: token });
  const names = found.teams.map(({ name }) => name);
  tell({ ok: true, teams: names }, `Signed in to ${url}. Your teams: ${names.join(", ") || "none yet"}.`);
}

/** Reads the token from the prompt or standard input. Prompts for the address first if none was given. */
async function readToken(
  address: string | undefined,
  prompt: string,
): Promise<{ url: string; token: string }> {
  if (!process.stdin.isTTY) {
    const url = originOf("--url", address ?? "");
    const { value } = await readValue("text", { trim: true });
    return { url, token: sendable("What was piped in", String(value)) };
  }
  return askInTurn(async ({ shown, hidden }) => {
    const url = originOf("--url", address ?? (await shown("Address of Selvage: ")));
    return { url, token: sendable("What was typed", await hidden(prompt)) };
  });
}
