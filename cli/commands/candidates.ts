import type { Command } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, findSecret, manage, type Secret } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { print } from "@/cli/output";

type InFabric = { fabric: string };

const connection = z.object({
  id: z.string(),
  name: z.string(),
  verdict: z.string(),
  title: z.string().optional(),
  field: z.string().optional(),
});
const candidateSchema = z.object({
  candidate: z.number(),
  state: z.string(),
  baseVersion: z.number(),
  version: z.number().nullable(),
  createdBy: z.string().nullable(),
  expiresAt: z.string(),
  connections: z.array(connection),
  total: z.number(),
});
type Candidate = z.infer<typeof candidateSchema>;
const numbered = z.object({ candidate: z.number() });
const versioned = z.object({ version: z.number() });

/** How many requests check one candidate: each runs for 20 seconds, and this many are ten minutes. */
const maxRequests = 30;

/** The commands about a new value that is not current yet. */
export function addCandidates(command: (words: string, description: string) => Command): void {
  command(
    "candidate <secret>",
    "show the new value that waits, and which connections accept it; values are never shown",
  ).action(show);
  command("promote <secret>", "make the new value that waits the current one, if all connections accept it")
    .option("--anyway", "also if connections do not accept it, or were not checked")
    .action(promote);
  command("discard <secret>", "delete the new value that waits").action(discard);
  command("undo <secret>", "bring back the value before the current one").action(undo);
}

/**
 * Stores a new value, checks it with every connection, and promotes it if all accept it. Otherwise it stays and the
 * current value does not change.
 */
export async function replaceChecked(fabricId: string, secret: Secret, body: object): Promise<void> {
  const path = candidatePath(fabricId, secret);
  await manage("POST", path, numbered, body);
  const { name } = secret.properties;
  const checked = await check(path);
  const breaking = checked.connections.filter(({ verdict }) => verdict !== "passed");
  if (breaking.length > 0) {
    print(checked, ...linesOf(checked));
    throw new Failure(
      "failed",
      `The current value of ${name} has not changed. Run “secrets promote ${name} --anyway” to change it nevertheless, or “secrets discard ${name}”.`,
    );
  }
  const { candidate } = checked;
  const { version } = await manage("POST", `${path}/promote`, versioned, { candidate });
  print({ ...checked, version }, ...linesOf(checked), `Replaced the value of ${name}: version ${version}.`);
}

/** Asks until every connection has a verdict, or no further one gets one. */
async function check(path: string): Promise<Candidate> {
  let unchecked = Number.POSITIVE_INFINITY;
  for (let request = 0; ; request += 1) {
    const now = await manage("POST", `${path}/check`, candidateSchema, {});
    const left = now.connections.filter(({ verdict }) => verdict === "unchecked").length;
    if (left === 0 || left >= unchecked || request >= maxRequests) return now;
    unchecked = left;
  }
}

async function show(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const found = await read(fabricId, await findSecret(fabricId, name));
  print(found, `${stateText(found)}`, ...linesOf(found));
}

async function promote(name: string, { fabric, anyway }: InFabric & { anyway?: true }): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const { candidate, connections } = await read(fabricId, secret);
  const breaking = connections.filter(({ verdict }) => verdict !== "passed");
  const accepted = anyway ? breaking.map(({ id }) => id) : [];
  const path = `${candidatePath(fabricId, secret)}/promote`;
  const { version } = await manage("POST", path, versioned, { candidate, accepted });
  const broken = breaking.map(({ name: one }) => oneLine(one)).join(", ");
  const note = breaking.length > 0 ? [`These connections have not accepted it: ${broken}.`] : [];
  print({ candidate, version }, `Version ${version} is the current one.`, ...note);
}

async function discard(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const discarded = await manage("DELETE", candidatePath(fabricId, secret), numbered);
  print(discarded, `Discarded the new value of ${secret.properties.name}.`);
}

async function undo(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const { properties, version } = await findSecret(fabricId, name);
  const path = `/fabric/${fabricId}/secret/id/${properties.id}/undo`;
  const undone = await manage("POST", path, versioned, { version });
  print(undone, `Version ${undone.version} has the former value of ${properties.name}.`);
}

function candidatePath(fabricId: string, { properties }: Secret): string {
  return `/fabric/${fabricId}/secret/id/${properties.id}/candidate`;
}

function read(fabricId: string, secret: Secret): Promise<Candidate> {
  return manage("GET", candidatePath(fabricId, secret), candidateSchema);
}

function stateText({ state, version, baseVersion, createdBy, expiresAt }: Candidate): string {
  if (state === "promoted") return `The newest one was promoted: version ${version}.`;
  if (state !== "open") return `The newest one is ${state}.`;
  const until = `${expiresAt.slice(0, 16).replace("T", " ")} UTC`;
  return `A new value of ${oneLine(createdBy ?? "somebody")} waits until ${until}. Version ${baseVersion} is the current one.`;
}

const verdicts: Readonly<Record<string, string>> = {
  passed: "accepts it",
  refused: "refuses it",
  untried: "was not tried",
  unchecked: "was not checked",
};

function linesOf({ connections, total }: Candidate): string[] {
  const lines = connections.map(({ name, verdict, title, field }) => {
    const reason = title === undefined ? "" : `: ${title}${field ? ` Property: ${field}.` : ""}`;
    return `connection ${oneLine(name)} ${verdicts[verdict] ?? verdict}${reason}`;
  });
  return total > connections.length ? [...lines, `${total - connections.length} more connections`] : lines;
}
