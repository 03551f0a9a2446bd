import { once } from "node:events";
import { type Command, Option } from "commander";
import { download, findFabric } from "@/cli/management-client";

const formats = ["json", "csv"] as const;

/** Adds the command that prints names, types, metadata and references. */
export function addExport(secrets: Command): void {
  secrets
    .command("export")
    .description("print names, types, metadata and references as a file; values are never exported")
    .requiredOption("--fabric <fabric>", "name or id of the fabric")
    .addOption(new Option("--format <format>", "csv for a spreadsheet").choices(formats).default("json"))
    .action(exportFile);
}

async function exportFile({ fabric, format }: { fabric: string; format: string }): Promise<void> {
  await printFile(`/fabric/${await findFabric(fabric)}/export?format=${format}`);
}

/** Prints a file of the management API as it comes. */
export async function printFile(path: string): Promise<void> {
  for await (const piece of download(path))
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
}
