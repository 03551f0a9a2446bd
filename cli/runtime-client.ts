import { z } from "zod";
import { Failure, failureOf } from "@/cli/failure";
import { readSettings } from "@/cli/settings";

/** Where Automate is, and a pipeline token for it. */
export type Pipeline = { automateUrl: string; token: string };

const secret = z.object({
  name: z.string(),
  value: z.union([z.string(), z.record(z.string(), z.string())]),
  encoding: z.literal("base64").optional(),
});
const problem = z.object({ error: z.object({ message: z.string() }) });

/** The pipeline token of SELVAGE_PIPELINE_TOKEN, or the one that `login --pipeline` stored for this fabric. */
export function pipelineOf(fabric: string): Pipeline {
  const { automateUrl, url, pipelineTokens } = readSettings();
  const token = process.env.SELVAGE_PIPELINE_TOKEN || pipelineTokens[fabric.toLowerCase()];
  if (!token)
    throw new Failure(
      "unauthorized",
      `There is no pipeline token for ${fabric}: run “selvage login --pipeline ${fabric}”, or set SELVAGE_PIPELINE_TOKEN.`,
    );
  if (automateUrl) return { automateUrl, token };
  if (!url)
    throw new Failure("usage", "Say where Automate is: set SELVAGE_AUTOMATE_URL, or login --automate-url.");
  const { protocol, hostname } = new URL(url);
  return { automateUrl: `${protocol}//${hostname}:3001`, token };
}

/** The values of these secrets by name. Text and Binary are strings, the others objects of their fields. */
export async function fetchSecrets(
  pipeline: Pipeline,
  names: readonly string[],
): Promise<Map<string, string | Record<string, string>>> {
  const read = await Promise.all(
    names.map(async (name) => [name, await fetchSecret(pipeline, name)] as const),
  );
  return new Map(read);
}

async function fetchSecret({ automateUrl, token }: Pipeline, name: string) {
  const response = await fetch(new URL(`/v1/secrets/${encodeURIComponent(name)}`, automateUrl), {
    headers: { authorization: `Bearer ${token}` },
    redirect: "error",
    signal: AbortSignal.timeout(30_000),
  }).catch(() => undefined);
  if (!response) throw new Failure("unavailable", `Automate does not answer at ${automateUrl}.`);
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const told = problem.safeParse(answer);
    throw failureOf(
      response.status,
      `${name}: ${told.success ? told.data.error.message : "It was refused."}`,
    );
  }
  const { value, encoding } = secret.parse(answer);
  // A variable holds text: of a file its bytes, where they are text.
  return encoding === "base64" && typeof value === "string"
    ? Buffer.from(value, "base64").toString("utf8")
    : value;
}
