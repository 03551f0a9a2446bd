import type { Command } from "commander";
import { z } from "zod";
import { Failure } from "@/cli/failure";
import { manage } from "@/cli/management-client";
import { tell } from "@/cli/output";
import { forgetSettings, readSettings, settingsFile, writeSettings } from "@/cli/settings";
import { readValue } from "@/cli/values";
import { askInTurn } from "@/scripts/read-password";

type Options = { url?: string; automateUrl?: string; pipeline?: string };

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("store an access token (Settings → Access Tokens), or a pipeline token with --pipeline")
    .option("--url <url>", "where Selvage is")
    .option("--automate-url <url>", "where Automate is, for run")
    .option("--pipeline <fabric>", "store the pipeline token of this fabric, for run")
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
  const former = readSettings();
  const url = given ?? former.url ?? (process.stdin.isTTY ? await askInTurn(({ shown }) => shown("Address of Selvage: ")) : "");
  if (!URL.canParse(url))
    throw new Failure("usage", "Say where Selvage is: --url https://selvage.example.com");
  const { value } = await readValue("text", { trim: true });
  const token = String(value);
  const settings = {
    url,
    pipelineTokens: former.pipelineTokens,
    ...(former.accessToken ? { accessToken: former.accessToken } : {}),
    ...((automateUrl ?? former.automateUrl) ? { automateUrl: automateUrl ?? former.automateUrl } : {}),
  };
  if (pipeline !== undefined) {
    if (!token.startsWith("svp_"))
      throw new Failure("usage", "That is no pipeline token: they begin with svp_.");
    writeSettings({
      ...settings,
      pipelineTokens: { ...settings.pipelineTokens, [pipeline.toLowerCase()]: token },
    });
    return tell({ ok: true }, `Stored the pipeline token of ${pipeline} in ${settingsFile()}.`);
  }
  const teams = z.object({ teams: z.array(z.object({ name: z.string() })) });
  const found = await manage("GET", "/team", teams, undefined, { ...settings, accessToken: token });
  writeSettings({ ...settings, accessToken: token });
  const names = found.teams.map(({ name }) => name);
  tell({ ok: true, teams: names }, `Signed in to ${url}. Your teams: ${names.join(", ") || "none yet"}.`);
}
