import { type Command, Option } from "commander";
import * as z from "zod";
import { addCandidates, replaceChecked } from "@/cli/commands/candidates";
import { addCompare } from "@/cli/commands/compare";
import { addExport } from "@/cli/commands/export";
import { addImport } from "@/cli/commands/import";
import { addRotations } from "@/cli/commands/rotations";
import { connectionStateText } from "@/cli/connection-state-text";
import { Failure } from "@/cli/failure";
import { findFabric, findSecret, listSecrets, manage, type Secret } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { columns, print } from "@/cli/output";
import { askQuestions } from "@/cli/read-password";
import { readValue, type ValueSource } from "@/cli/values";
import { type SubKind, subKinds } from "@/lib/secrets/kinds/registry";

type InFabric = { fabric: string };
const idOnly = z.object({ id: z.string() });
const usageSchema = z.object({
  usedBy: z.number().default(0),
  lastUsedAt: z.string().nullish(),
  version: z.number().optional(),
  versionSetAt: z.string().optional(),
  connections: z
    .array(z.object({ name: z.string(), kind: z.string(), state: z.string().optional() }))
    .default([]),
  rotations: z.array(z.object({ name: z.string() })).default([]),
  pipelines: z
    .array(
      z.object({
        name: z.string(),
        lastReadAt: z.string(),
        version: z.number().optional(),
        reads: z.number().optional(),
        secretName: z.string().optional(),
        connection: z.string().optional(),
      }),
    )
    .default([]),
  destinations: z.array(z.string()),
});
const replaced = idOnly.extend({ destinationsKept: z.boolean().optional() });
const states = ["expiring", "failing", "new_value", "unused", "never_replaced"];
const sorts = ["name", "type", "created", "updated", "expires", "used"];
const fromFile = ["--file <path>", "read the value from a file, or from standard input with -"] as const;
const trimmed = ["--trim", "remove one line break from the end of the value"] as const;

export function addSecrets(program: Command): void {
  const secrets = program.command("secrets").description("secrets of a fabric; values are never shown");
  const command = (words: string, description: string) =>
    secrets
      .command(words)
      .description(description)
      .requiredOption("--fabric <fabric>", "name or id of the fabric");
  command("list", "list them")
    .option("--search <text>", "only those with this text in name or description")
    .addOption(new Option("--state <state>", "only those in this state").choices(states))
    .addOption(new Option("--sort <column>", "order of the list").choices(sorts).default("name"))
    .action(list);
  command("usage <name>", "list the connections, rotations and pipelines that use a secret").action(usage);
  command("add <name>", "add a secret: the value comes from a prompt, standard input or a file")
    .addOption(
      new Option("--type <type>", "type of the secret").choices(subKinds).default("text" satisfies SubKind),
    )
    .option("--description <text>", "what it is for")
    .option(...fromFile)
    .option(...trimmed)
    .action(add);
  command("replace <secret>", "replace the value; connections, pipelines and allowed destinations stay")
    .option("--check", "first try it with every connection; the value changes only if all accept it")
    .option("--forget-destinations", "allow no destination for the new value until someone allows it again")
    .addOption(new Option("--keep-destinations", "the default").hideHelp().conflicts("forgetDestinations"))
    .option(...fromFile)
    .option(...trimmed)
    .action(replace);
  addCandidates(command);
  addRotations(command);
  command(
    "rename <secret> <new-name>",
    "rename a secret; pipelines can still read it by the old name",
  ).action(rename);
  command(
    "delete <secret>",
    "delete a secret that no connection or rotation uses; the trash keeps it for some days",
  )
    .option("--yes", "do not ask for confirmation")
    .action(remove);
  addImport(secrets);
  addExport(secrets);
  addCompare(secrets);
}

async function list({
  fabric,
  search,
  state,
  sort,
}: InFabric & { search?: string; state?: string; sort: string }): Promise<void> {
  const secrets = await listSecrets(await findFabric(fabric), search, {
    ...(state === undefined ? {} : { state }),
    // Times newest first, as on the screen.
    ...(sort === "name" ? {} : { sort, order: sort === "type" || sort === "expires" ? "asc" : "desc" }),
  });
  const rows = secrets.map((secret) => [
    secret.properties.name,
    secret.subKind,
    String(secret.version),
    usersOf(secret),
    lastUseOf(secret),
    `${secret.updatedAt.slice(0, 10)} by ${secret.updatedBy}`,
  ]);
  const headings = ["NAME", "TYPE", "VERSION", "USED BY", "LAST USED", "UPDATED"];
  print(secrets, ...(rows.length === 0 ? ["No secrets."] : columns(headings, rows)));
}

/** An older server knows only the reads of pipelines. */
function lastUseOf({ lastUsedAt, lastReadAt }: Secret): string {
  const at = lastUsedAt ?? lastReadAt;
  return at ? minuteOf(at) : "";
}

function usersOf({ usedBy, usedByRotations = 0, usedByPipelines = 0 }: Secret): string {
  const users = [
    ...(usedBy > 0 ? [plural(usedBy, "connection")] : []),
    ...(usedByRotations > 0 ? [plural(usedByRotations, "rotation")] : []),
    ...(usedByPipelines > 0 ? [plural(usedByPipelines, "pipeline")] : []),
  ];
  return users.join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** 2026-11-30 10:05 UTC, from an ISO time. */
function minuteOf(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}

async function usage(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const used = await usageOf(fabricId, (await findSecret(fabricId, name)).properties.id);
  const { connections, rotations, destinations, usedBy, lastUsedAt } = used;
  const lines = [
    ...(lastUsedAt ? [`last used at ${minuteOf(lastUsedAt)}`] : []),
    ...connections.map(
      ({ name: connection, kind, state }) =>
        `connection ${connection} (${kind})${state === undefined ? "" : `: ${connectionStateText(state)}`}`,
    ),
    ...(usedBy > connections.length ? [`${usedBy - connections.length} more connections`] : []),
    ...rotations.map((secret) => `rotation of ${secret.name}: it signs in to set the passwords`),
    ...readerLines(used),
    ...destinations.map((destination) => `may be sent to ${destination}`),
  ];
  print(
    used,
    ...(lines.length === 0
      ? ["No connection or rotation uses it, and no pipeline has read it recently."]
      : lines),
  );
}

type Usage = z.infer<typeof usageSchema>;

function usageOf(fabricId: string, secretId: string): Promise<Usage> {
  return manage("GET", `/fabric/${fabricId}/secret/id/${secretId}/usage`, usageSchema);
}

/** One line for each pipeline that read the secret recently. */
function readerLines({ pipelines, version: current, versionSetAt }: Usage): string[] {
  return pipelines.map(({ name, lastReadAt, version, secretName, connection }) => {
    const way = connection === undefined ? (secretName ?? "it") : `it through connection ${connection}`;
    const read = version === undefined ? way : `version ${version} of ${way}`;
    const isFormer = version !== undefined && current !== undefined && version !== current;
    const since = versionSetAt ? ` since ${minuteOf(versionSetAt)}` : "";
    const note = isFormer ? `; version ${current} is current${since}` : "";
    return `pipeline ${name} read ${read} at ${minuteOf(lastReadAt)}${note}`;
  });
}

async function add(
  name: string,
  { fabric, type, description, ...source }: InFabric & ValueSource & { type: SubKind; description?: string },
): Promise<void> {
  const fabricId = await findFabric(fabric);
  const properties = { name, ...(await readValue(type, source)) };
  const body = { kind: "prophecy", subKind: type, properties, ...(description ? { description } : {}) };
  const created = await manage("POST", `/fabric/${fabricId}/secret`, idOnly, body);
  print({ id: created.id, name }, `Added ${name}. Its value is never shown again.`);
}

async function replace(
  name: string,
  {
    fabric,
    check,
    forgetDestinations,
    ...source
  }: InFabric & ValueSource & { check?: true; forgetDestinations?: true },
): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const { id } = secret.properties;
  const value = await readValue(secret.subKind, source);
  const common = { kind: "prophecy", subKind: secret.subKind, keepDestinations: !forgetDestinations };
  if (check) return replaceChecked(fabricId, secret, { ...common, properties: value });
  const body = { ...common, properties: { name: secret.properties.name, ...value } };
  const { destinationsKept } = await manage("PUT", `/fabric/${fabricId}/secret/id/${id}`, replaced, body);
  if (destinationsKept === false)
    throw new Failure(
      "unavailable",
      "The new value is stored, but no destination is allowed for it, because Automate is not available or someone else entered a part. Check its connections in the app.",
    );
  // A colleague may have allowed these destinations for the former value. Print them as the form shows them:
  // the new value may go there, too.
  const used = await usageOf(fabricId, id).catch(() => null);
  const destinations = used?.destinations ?? [];
  const note = `It may be sent to ${destinations.join(", ")}. To allow none, replace it with --forget-destinations.`;
  const lines = [
    `Replaced the value of ${name}.`,
    ...(used ? readerLines(used) : []),
    ...(destinations.length > 0 ? [note] : []),
  ];
  print({ id, name, destinations }, ...lines);
}

async function rename(name: string, newName: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const { subKind, properties } = await findSecret(fabricId, name);
  const body = { kind: "prophecy", subKind, properties: { name: newName } };
  await manage("PUT", `/fabric/${fabricId}/secret/id/${properties.id}`, idOnly, body);
  const used = await usageOf(fabricId, properties.id).catch(() => null);
  print(
    { id: properties.id, name: newName },
    `${properties.name} is now ${newName}.`,
    ...(used ? readerLines(used) : []),
  );
}

async function remove(name: string, { fabric, yes }: InFabric & { yes?: true }): Promise<void> {
  const fabricId = await findFabric(fabric);
  const { properties } = await findSecret(fabricId, name);
  if (!yes) await confirm(properties.name, () => usageOf(fabricId, properties.id));
  await manage("DELETE", `/fabric/${fabricId}/secret/id/${properties.id}`, idOnly);
  print(
    { id: properties.id, name: properties.name },
    `Deleted ${properties.name}. “selvage trash restore” restores it, until it is purged.`,
  );
}

async function confirm(name: string, findUsage: () => Promise<Usage>): Promise<void> {
  if (!process.stdin.isTTY) throw new Failure("usage", "Without a terminal, confirm with --yes.");
  for (const line of readerLines(await findUsage())) process.stderr.write(`${oneLine(line)}\n`);
  const answer = await askQuestions(({ shown }) =>
    shown(`Delete ${name}? It goes to the trash. Type its name: `),
  );
  if (answer !== name) throw new Failure("failed", "The name does not match: nothing was deleted.");
}
