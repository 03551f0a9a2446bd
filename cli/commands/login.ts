import type { Command } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { manage } from "@/cli/management-client";
import { print } from "@/cli/output";
import { askQuestions } from "@/cli/read-password";
import { automateOf, isPipelineToken } from "@/cli/runtime-client";
import {
  deleteSettings,
  findSettings,
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
    .option("--url <url>", "address of Selvage")
    .option("--automate-url <url>", "address of Automate, for run")
    .option("--pipeline <fabric>", "store the pipeline token of this fabric, for run")
    .addHelpText("after", "\nEach token is stored with its address, and sent only there.")
    .action(login);
  program
    .command("logout")
    .description("delete what login stored")
    .action(() => {
      deleteSettings();
      print({ ok: true }, "Deleted the stored tokens. They are still valid: revoke them in the app.");
    });
}

async function login({ url: urlOption, automateUrl, pipeline }: Options): Promise<void> {
  const settings = findSettings();
  // Validates the address before any prompt, so that a wrong one fails at once.
  const automate = automateUrl === undefined ? undefined : originOf("--automate-url", automateUrl);
  const { url, token } = await readToken(
    urlOption ?? (process.env.SELVAGE_URL || settings?.url),
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
        "Not a pipeline token: a token is svp_ followed by 43 letters, digits, “-” and “_”. Copy all of it.",
      );
    const stored = { token, automateUrl: automate ?? automateOf({ ...server, url }) };
    write({ ...server, pipelineTokens: { ...server.pipelineTokens, [pipeline.toLowerCase()]: stored } });
    return print({ ok: true }, `Stored the pipeline token of ${pipeline} in ${settingsFile()}.`);
  }
  const teams = z.object({ teams: z.array(z.object({ name: z.string() })) });
  const { teams: memberOf } = await manage("GET", "/team", teams, undefined, { url, accessToken: token });
  write({ ...server, accessToken: token });
  const names = memberOf.map(({ name }) => name);
  print({ ok: true, teams: names }, `Signed in to ${url}. Your teams: ${names.join(", ") || "none"}.`);
}

/** Reads the token from the prompt or standard input. Prompts for the address first if none was given. */
async function readToken(
  address: string | undefined,
  prompt: string,
): Promise<{ url: string; token: string }> {
  if (!process.stdin.isTTY) {
    const url = originOf("--url", address ?? "");
    const { value } = await readValue("text", { trim: true });
    return { url, token: sendable("The standard input", String(value)) };
  }
  return askQuestions(async ({ shown, hidden }) => {
    const url = originOf("--url", address ?? (await shown("Address of Selvage: ")));
    return { url, token: sendable("The input", await hidden(prompt)) };
  });
}
