import * as z from "zod";
import { Failure, failureOf } from "@/cli/failure";
import { isId } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { currentServer, originOf, type Server, sendable } from "@/cli/settings";

/** Automate's address, a token for it, and the fabric that the caller expects the token to belong to. */
export type Pipeline = { automateUrl: string; token: string; fabric: string };

/** A secret as a pipeline reads it: text, bytes, or fields. */
export type ReadSecret = string | Uint8Array | Record<string, string>;

const secret = z.object({
  value: z.union([z.string(), z.record(z.string(), z.string())]),
  encoding: z.literal("base64").optional(),
});
const whoami = z.object({ fabric: z.object({ id: z.string(), name: z.string() }) });
const problem = z.object({ error: z.object({ code: z.string().optional(), message: z.string() }) });

/** True when the text has the form of a pipeline token. */
export function isPipelineToken(text: string): boolean {
  return /^svp_[A-Za-z0-9_-]{43}$/.test(text);
}

/** Automate's address: SELVAGE_AUTOMATE_URL, the stored one, or the app's host at port 3001. */
export function automateOf({ url, automateUrl }: Pick<Server, "automateUrl"> & { url?: string }): string {
  const { SELVAGE_AUTOMATE_URL } = process.env;
  if (SELVAGE_AUTOMATE_URL) return originOf("SELVAGE_AUTOMATE_URL", SELVAGE_AUTOMATE_URL);
  if (automateUrl) return automateUrl;
  if (!url)
    throw new Failure(
      "usage",
      "The address of Automate is not known: set SELVAGE_AUTOMATE_URL, or use login --automate-url.",
    );
  const { protocol, hostname } = new URL(url);
  return `${protocol}//${hostname}:3001`;
}

/**
 * The pipeline token of SELVAGE_PIPELINE_TOKEN, or the one that `login --pipeline` stored for this fabric.
 */
export function pipelineOf(fabric: string): Pipeline {
  const { SELVAGE_PIPELINE_TOKEN, SELVAGE_AUTOMATE_URL } = process.env;
  if (SELVAGE_PIPELINE_TOKEN) {
    const token = sendable("SELVAGE_PIPELINE_TOKEN", SELVAGE_PIPELINE_TOKEN);
    return { automateUrl: automateOf(SELVAGE_AUTOMATE_URL ? {} : currentServer()), token, fabric };
  }
  const server = currentServer();
  const key = fabric.toLowerCase();
  const stored = Object.hasOwn(server.pipelineTokens, key) ? server.pipelineTokens[key] : undefined;
  if (!stored)
    throw new Failure(
      "unauthorized",
      `No pipeline token for ${fabric}: run “selvage login --pipeline ${fabric}”, or set SELVAGE_PIPELINE_TOKEN.`,
    );
  if (SELVAGE_AUTOMATE_URL && automateOf(server) !== stored.automateUrl)
    throw new Failure(
      "unauthorized",
      `The pipeline token of ${fabric} is for ${stored.automateUrl}, and SELVAGE_AUTOMATE_URL is a different address: run “selvage login --pipeline ${fabric}”.`,
    );
  return { ...stored, token: sendable("The stored token", stored.token), fabric };
}

/** Throws a `Failure` unless Automate accepts the token from here, and the token belongs to the fabric. */
export async function requireFabric(pipeline: Pipeline): Promise<void> {
  const response = await callAutomate(pipeline, "/v1/whoami");
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status === 401) throw notAccepted(pipeline);
  if (response.status === 404)
    throw new Failure(
      "unavailable",
      "Automate is older than this command line: update Automate, or use the command line of its version.",
    );
  if (!response.ok)
    throw failureOf(response.status, `Automate did not describe the token: ${messageOf(answer)}`);
  const identity = whoami.safeParse(answer);
  if (!identity.success) throw notAutomate(pipeline);
  const { fabric } = identity.data;
  if (isSameFabric(fabric, pipeline.fabric)) return;
  throw new Failure(
    "unauthorized",
    `The token is for the fabric ${oneLine(fabric.name)}, not for ${pipeline.fabric}: run “selvage login --pipeline ${pipeline.fabric}”, or set SELVAGE_PIPELINE_TOKEN.`,
  );
}

/** A fabric's name can be another fabric's id, so an id never counts as a name. */
function isSameFabric({ id, name }: { id: string; name: string }, fabric: string): boolean {
  const own = isId(fabric) ? id : name;
  return own.toLowerCase() === fabric.toLowerCase();
}

/**
 * The secret with this name; undefined when it does not exist or the token may not read it. Throws for one in the
 * trash, so that no other secret is read in its place.
 */
export async function findSecret(pipeline: Pipeline, name: string): Promise<ReadSecret | undefined> {
  const response = await callAutomate(pipeline, `/v1/secrets/${encodeURIComponent(name)}`);
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status === 404 && !isInTrash(answer)) return undefined;
  if (response.status === 401) throw notAccepted(pipeline);
  if (!response.ok) throw failureOf(response.status, `${name}: ${messageOf(answer)}`);
  const read = secret.safeParse(answer);
  if (!read.success) throw notAutomate(pipeline);
  const { value, encoding } = read.data;
  return encoding === "base64" && typeof value === "string" ? Buffer.from(value, "base64") : value;
}

/** The names of the secrets that the token may read, by the Vault dialect. */
export async function listReadableNames(pipeline: Pipeline): Promise<string[]> {
  const path = `/vault/v1/${encodeURIComponent(pipeline.fabric)}/metadata?list=true`;
  const response = await callAutomate(pipeline, path);
  const names = z.object({ data: z.object({ keys: z.array(z.string()) }) });
  return names.parse(await response.json()).data.keys;
}

function notAccepted({ fabric }: Pipeline): Failure {
  return new Failure(
    "unauthorized",
    `The token is not accepted for ${fabric}: it is wrong, expired, revoked or for another fabric, or not allowed from this address.`,
  );
}

function notAutomate({ automateUrl }: Pipeline): Failure {
  return new Failure("unavailable", `The server at ${automateUrl} is not Automate.`);
}

function isInTrash(answer: unknown): boolean {
  return problem.safeParse(answer).data?.error.code === "in_trash";
}

/** The message of an error answer. */
function messageOf(answer: unknown): string {
  const parsed = problem.safeParse(answer);
  return parsed.success ? oneLine(parsed.data.error.message) : "The request was refused.";
}

async function callAutomate({ automateUrl, token, fabric }: Pipeline, path: string): Promise<Response> {
  // A header cannot hold a non-ASCII fabric name, so leave it out. A fabric's id is always ASCII.
  const named = /^[\x20-\x7e]+$/.test(fabric) ? { "x-selvage-fabric": fabric } : {};
  const response = await fetch(new URL(path, automateUrl), {
    headers: { authorization: `Bearer ${token}`, ...named },
    redirect: "error",
    signal: AbortSignal.timeout(30_000),
  }).catch(() => undefined);
  if (!response) throw new Failure("unavailable", `Automate does not answer at ${automateUrl}.`);
  return response;
}
