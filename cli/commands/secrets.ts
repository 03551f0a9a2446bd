import { type Command, Option } from "commander";
import { z } from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, findSecret, listSecrets, manage } from "@/cli/management-client";
import { columns, print } from "@/cli/output";
import { askQuestions } from "@/cli/read-password";
import { readValue, type ValueSource } from "@/cli/values";
import { type SubKind, subKinds } from "@/lib/secrets/kinds/registry";

type InFabric = { fabric: string };
const idOnly = z.object({ id: z.string() });
const usage = z.object({ destinations: z.array(z.string()) });
const replaced = idOnly.extend({ destinationsKept: z.boolean().optional() });
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
    .action(list);
  command("add <name>", "add a secret: the value comes from a prompt, standard input or a file")
    .addOption(
      new Option("--type <type>", "type of the secret").choices(subKinds).default("text" satisfies SubKind),
    )
    .option("--description <text>", "what it is for")
    .option(...fromFile)
    .option(...trimmed)
    .action(add);
  command("replace <secret>", "replace the value; connections, pipelines and allowed destinations stay")
    .option("--forget-destinations", "allow no destination for the new value until someone allows it again")
    .addOption(new Option("--keep-destinations", "the default").hideHelp().conflicts("forgetDestinations"))
    .option(...fromFile)
    .option(...trimmed)
    .action(replace);
  command(
    "rename <secret> <new-name>",
    "rename a secret; pipelines can still read it by the old name",
  ).action(rename);
  command("delete <secret>", "delete a secret that no connection uses")
    .option("--yes", "do not ask for confirmation")
    .action(remove);
}

async function list({ fabric, search }: InFabric & { search?: string }): Promise<void> {
  const secrets = await listSecrets(await findFabric(fabric), search);
  const rows = secrets.map(({ properties, subKind, version, usedBy, updatedAt, updatedBy }) => [
    properties.name,
    subKind,
    String(version),
    String(usedBy),
    `${updatedAt.slice(0, 10)} by ${updatedBy}`,
  ]);
  const headings = ["NAME", "TYPE", "VERSION", "USED BY", "UPDATED"];
  print(secrets, ...(rows.length === 0 ? ["No secrets."] : columns(headings, rows)));
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
  { fabric, forgetDestinations, ...source }: InFabric & ValueSource & { forgetDestinations?: true },
): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const { id } = secret.properties;
  const properties = { name: secret.properties.name, ...(await readValue(secret.subKind, source)) };
  const body = {
    kind: "prophecy",
    subKind: secret.subKind,
    properties,
    keepDestinations: !forgetDestinations,
  };
  const { destinationsKept } = await manage("PUT", `/fabric/${fabricId}/secret/id/${id}`, replaced, body);
  if (destinationsKept === false)
    throw new Failure(
      "unavailable",
      "The new value is stored, but no destination is allowed for it, because Automate is not available or someone else entered a part. Check its connections in the app.",
    );
  // A colleague may have allowed these destinations for the former value. Print them as the form shows them:
  // the new value may go there, too.
  const used = await manage("GET", `/fabric/${fabricId}/secret/id/${id}/usage`, usage).catch(() => null);
  const destinations = used?.destinations ?? [];
  const note = `It may be sent to ${destinations.join(", ")}. To allow none, replace it with --forget-destinations.`;
  const lines = [`Replaced the value of ${name}.`, ...(destinations.length > 0 ? [note] : [])];
  print({ id, name, destinations }, ...lines);
}

async function rename(name: string, newName: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const { subKind, properties } = await findSecret(fabricId, name);
  const body = { kind: "prophecy", subKind, properties: { name: newName } };
  await manage("PUT", `/fabric/${fabricId}/secret/id/${properties.id}`, idOnly, body);
  print({ id: properties.id, name: newName }, `${properties.name} is now ${newName}.`);
}

async function remove(name: string, { fabric, yes }: InFabric & { yes?: true }): Promise<void> {
  const fabricId = await findFabric(fabric);
  const { properties } = await findSecret(fabricId, name);
  if (!yes) await confirm(properties.name);
  await manage("DELETE", `/fabric/${fabricId}/secret/id/${properties.id}`, idOnly);
  print({ id: properties.id, name: properties.name }, `Deleted ${properties.name}.`);
}

async function confirm(name: string): Promise<void> {
  if (!process.stdin.isTTY) throw new Failure("usage", "Without a terminal, confirm with --yes.");
  const answer = await askQuestions(({ shown }) =>
    shown(`Delete ${name}? Its value cannot be recovered. Type its name: `),
  );
  if (answer !== name) throw new Failure("failed", "The name does not match: nothing was deleted.");
}
