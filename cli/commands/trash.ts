import { type Command, Option } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, manage } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { columns, print } from "@/cli/output";

type InFabric = { fabric: string };

const itemSchema = z.object({
  type: z.string(),
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  deletedAt: z.string(),
  deletedBy: z.string(),
  purgeAt: z.string(),
});
type Item = z.infer<typeof itemSchema>;
const restored = z.object({ id: z.string(), name: z.string() });

export function addTrash(program: Command): void {
  const group = program.command("trash").description("deleted secrets and connections of a fabric");
  const command = (words: string, description: string) =>
    group
      .command(words)
      .description(description)
      .requiredOption("--fabric <fabric>", "name or id of the fabric");
  command("list", "list them, the newest first").action(list);
  command("restore <name>", "restore the one that was deleted last under this name, or the one with this id")
    .addOption(
      new Option("--type <type>", "only a secret, or only a connection").choices(["secret", "connection"]),
    )
    .option("--as <new-name>", "restore it under another name")
    .action(restore);
}

async function listItems(fabricId: string, query: Record<string, string> = {}): Promise<Item[]> {
  const search = new URLSearchParams(query);
  const path = `/fabric/${fabricId}/trash${search.size > 0 ? `?${search}` : ""}`;
  return (await manage("GET", path, z.object({ items: z.array(itemSchema) }))).items;
}

async function list({ fabric }: InFabric): Promise<void> {
  const items = await listItems(await findFabric(fabric));
  const rows = items.map(({ type, id, name, kind, deletedAt, deletedBy, purgeAt }) => [
    name,
    type,
    kind,
    `${deletedAt.slice(0, 16).replace("T", " ")} by ${deletedBy}`,
    purgeAt.slice(0, 10),
    id,
  ]);
  const headings = ["NAME", "WHAT", "TYPE", "DELETED", "PURGED ON", "ID"];
  print(items, ...(rows.length === 0 ? ["The trash is empty."] : columns(headings, rows)));
}

async function restore(
  name: string,
  { fabric, type, as: newName }: InFabric & { type?: string; as?: string },
): Promise<void> {
  const fabricId = await findFabric(fabric);
  const items = await listItems(fabricId, type ? { type } : {});
  const byName = items.filter((item) => item.name.toLowerCase() === name.toLowerCase());
  const types = new Set(byName.map((item) => item.type));
  if (types.size > 1)
    throw new Failure("usage", `A secret and a connection have the name “${name}”. Choose one with --type.`);
  const found = byName[0] ?? items.find(({ id }) => id === name);
  if (!found) throw new Failure("not_found", `“${name}” is not in the trash of this fabric.`);
  const path = `/fabric/${fabricId}/trash/${found.type}/${found.id}/restore`;
  const result = await manage("POST", path, restored, newName === undefined ? {} : { name: newName });
  print(result, `Restored ${oneLine(found.type)} ${oneLine(result.name)}.`);
}
