import { type Command, Option } from "commander";
import { printFile } from "@/cli/commands/export";
import { findFabric } from "@/cli/management-client";

type Filters = Partial<Record<"from" | "to" | "actor" | "object" | "search" | "kind" | "event", string>>;

/** Adds the command that prints what happened in a fabric. */
export function addActivity(program: Command): void {
  program
    .command("activity")
    .description("what happened in a fabric, and who did it")
    .command("export")
    .description("print the events that match all filters as a file, the newest first")
    .requiredOption("--fabric <fabric>", "name or id of the fabric")
    .addOption(
      new Option("--format <format>", "csv for a spreadsheet, ndjson for programs")
        .choices(["csv", "ndjson"])
        .default("csv"),
    )
    .option("--from <day>", "only since this day in UTC, such as 2026-03-01, or this moment")
    .option("--to <day>", "only until the end of this day in UTC, or before this moment")
    .option("--actor <id>", "only by the person, pipeline token or access token with this id")
    .option("--object <id>", "only about the secret, connection or token with this id")
    .option("--search <text>", "only about objects, or by people and pipelines, with this text in their name")
    .option("--kind <kind>", "only about objects of this kind, such as secret")
    .option("--event <event>", "only events of this kind, such as used")
    .action(exportActivity);
}

async function exportActivity({
  fabric,
  ...query
}: Filters & { fabric: string; format: string }): Promise<void> {
  const fabricId = await findFabric(fabric);
  await printFile(`/fabric/${fabricId}/activity/export?${new URLSearchParams(query)}`);
}
