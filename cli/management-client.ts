import * as z from "zod";
import { Failure, failureOf } from "@/cli/failure";
import { oneLine } from "@/cli/one-line";
import { currentServer, sendable } from "@/cli/settings";

const envelope = z.object({
  success: z.boolean(),
  data: z.unknown().optional(),
  message: z.string().optional(),
  fieldErrors: z.record(z.string(), z.string()).optional(),
});

type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * Calls the management API with the access token from `login` or SELVAGE_TOKEN, and returns the answer's
 * `data`.
 */
export async function manage<S extends z.ZodType>(
  method: Method,
  path: string,
  answer: S,
  body?: unknown,
  { url, accessToken }: { url?: string; accessToken?: string | undefined } = currentServer(),
): Promise<z.output<S>> {
  const signal = AbortSignal.timeout(answerMs);
  const response = await send({ url, accessToken }, method, path, signal, body);
  const { data } = await envelopeOf(response, url);
  return answer.parse(data);
}

/** How long an answer may take, in milliseconds. */
const answerMs = 30_000;

/** Sends a request to the management API. */
async function send(
  { url, accessToken }: { url?: string | undefined; accessToken?: string | undefined },
  method: Method,
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<Response> {
  if (!url)
    throw new Failure(
      "unauthorized",
      "Not signed in: run “selvage login”, or set SELVAGE_URL and SELVAGE_TOKEN.",
    );
  if (!accessToken)
    throw new Failure(
      "unauthorized",
      `Not signed in to ${url}: run “selvage login --url ${url}”, or set SELVAGE_TOKEN.`,
    );
  const headers = {
    "x-auth-token": sendable("SELVAGE_TOKEN", accessToken),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await fetch(new URL(`/api/orchestration${path}`, url), {
    method,
    headers,
    redirect: "error",
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => undefined);
  if (!response) throw new Failure("unavailable", `Selvage does not answer at ${url}.`);
  return response;
}

/** The envelope of a success. Throws the failure otherwise. */
async function envelopeOf(response: Response, url = ""): Promise<z.output<typeof envelope>> {
  const parsed = envelope.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new Failure("unavailable", `The server at ${url} is not Selvage.`);
  if (!parsed.data.success) throw failureOf(response.status, reasonOf(response.status, parsed.data));
  return parsed.data;
}

/** Downloads a file of the management API, piece by piece. Only its beginning must arrive in time. */
export async function* download(path: string): AsyncGenerator<Uint8Array> {
  const server = currentServer();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerMs);
  const response = await send(server, "GET", path, late.signal).finally(() => clearTimeout(timer));
  if (!response.ok || !response.body) {
    await envelopeOf(response, server.url);
    throw new Failure("unavailable", "The server sent no file.");
  }
  try {
    for await (const piece of response.body) yield piece;
  } catch {
    throw new Failure("unavailable", "The download ended early: the file is not complete.");
  }
}

/** The reason of a failure in the command line's words, without header names or body paths. */
function reasonOf(
  status: number,
  { message = "The request was refused.", fieldErrors = {} }: z.output<typeof envelope>,
): string {
  if (status === 401)
    return "The access token is not accepted: it is wrong, expired or revoked. Create one in the app, then run “selvage login”.";
  const sentences = Object.entries(fieldErrors).map(
    ([path, sentence]) => `${path.replace(/^properties\.(value\.)?/, "")}: ${sentence}`,
  );
  return oneLine(sentences.join(" ") || message.replace(/^.*? due to : /, ""));
}

const fabrics = z.object({
  fabrics: z.array(z.object({ fabricID: z.string(), name: z.string(), teamName: z.string() })),
});

/** True when the text has the form of a fabric's id. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The fabrics of the person's teams whose name contains `search`. */
export async function listFabrics(search: string): Promise<z.infer<typeof fabrics>["fabrics"]> {
  const query = new URLSearchParams({ search });
  return (await manage("GET", `/fabric?${query}`, fabrics)).fabrics;
}

/** The id of a fabric, given its name or id. */
export async function findFabric(fabric: string): Promise<string> {
  if (isId(fabric)) return fabric;
  const matches = (await listFabrics(fabric)).filter(
    ({ name }) => name.toLowerCase() === fabric.toLowerCase(),
  );
  const [first, second] = matches;
  if (!first) throw new Failure("not_found", `Fabric “${fabric}” not found in your teams.`);
  if (!second) return first.fabricID;
  const choices = matches
    .map(({ fabricID, teamName }) => `  ${oneLine(fabricID)}  of ${oneLine(teamName)}`)
    .join("\n");
  throw new Failure("usage", `Several fabrics have the name “${fabric}”. Use the id of one:\n${choices}`);
}

const secretSchema = z.object({
  // A newer server may have a type that this program does not know.
  subKind: z.string(),
  properties: z.object({ id: z.string(), name: z.string() }),
  description: z.string(),
  version: z.number(),
  usedBy: z.number(),
  // An older server does not know who reads a secret, nor which rotations sign in with it.
  usedByRotations: z.number().optional(),
  usedByPipelines: z.number().optional(),
  lastReadAt: z.string().nullish(),
  lastUsedAt: z.string().nullish(),
  updatedAt: z.string(),
  updatedBy: z.string(),
});
export type Secret = z.infer<typeof secretSchema>;

/** The fabric's secrets whose name or description contains `search`, with these further members of the query. */
export async function listSecrets(
  fabricId: string,
  search = "",
  more: Readonly<Record<string, string>> = {},
): Promise<Secret[]> {
  const members = new URLSearchParams({ ...(search ? { search } : {}), ...more });
  const query = members.size > 0 ? `?${members}` : "";
  const { secrets } = await manage(
    "GET",
    `/fabric/${fabricId}/secret${query}`,
    z.object({ secrets: z.array(secretSchema) }),
  );
  return secrets;
}

/** The secret with exactly this name, ignoring case. */
export async function findSecret(fabricId: string, name: string): Promise<Secret> {
  const found = (await listSecrets(fabricId, name)).find(
    ({ properties }) => properties.name.toLowerCase() === name.toLowerCase(),
  );
  if (!found) throw new Failure("not_found", `Secret “${name}” not found in this fabric.`);
  return found;
}

const connections = z.object({
  Connections: z.array(
    z.looseObject({
      name: z.string(),
      kind: z.string(),
      // An older server does not know who reads through a connection.
      lastReadAt: z.string().nullish(),
      status: z.object({ state: z.string(), checkedAt: z.string().optional() }),
    }),
  ),
});

/** The fabric's connections. */
export async function listConnections(fabricId: string): Promise<z.infer<typeof connections>["Connections"]> {
  return (await manage("GET", `/fabric/${fabricId}/connection`, connections)).Connections;
}
