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
  const fabricId = await findFabric(fabric);
  for await (const piece of download(`/fabric/${fabricId}/export?format=${format}`))
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
}
