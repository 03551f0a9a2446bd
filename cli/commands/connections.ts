import type { Command } from "commander";
import * as z from "zod";
import { addPromote } from "@/cli/commands/promote";
import { connectionStateText } from "@/cli/connection-state-text";
import { Failure } from "@/cli/failure";
import { findFabric, listConnections, manage } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { columns, print } from "@/cli/output";
import { askQuestions } from "@/cli/read-password";

type InFabric = { fabric: string };

const outcome = z.looseObject({
  ok: z.boolean(),
  ms: z.number(),
  steps: z.array(z.object({ step: z.string(), state: z.string(), ms: z.number().optional() })),
  title: z.string().optional(),
  advice: z.string().optional(),
  field: z.string().optional(),
});

export function addConnections(program: Command): void {
  const group = program.command("connections").description("connections of a fabric");
  const command = (words: string, description: string) =>
    group
      .command(words)
      .description(description)
      .requiredOption("--fabric <fabric>", "name or id of the fabric");
  command("list", "list them with their status").action(list);
  command("check <connection>", "sign in and perform one read, as a pipeline would").action(check);
  addPromote(group);
  command(
    "delete <connection>",
    "delete a connection; the trash keeps it for some days, and its secrets stay",
  )
    .option("--yes", "do not ask for confirmation")
    .action(remove);
}

async function list({ fabric }: InFabric): Promise<void> {
  const connections = await listConnections(await findFabric(fabric));
  const rows = connections.map(({ name, kind, lastReadAt, status: { state, checkedAt = "" } }) => [
    name,
    kind,
    connectionStateText(state),
    minuteOf(checkedAt),
    minuteOf(lastReadAt ?? ""),
  ]);
  const headings = ["NAME", "KIND", "STATUS", "CHECKED", "LAST READ"];
  print(connections, ...(rows.length === 0 ? ["No connections."] : columns(headings, rows)));
}

async function check(name: string, { fabric }: InFabric): Promise<void> {
  const path = `/fabric/${await findFabric(fabric)}/connection/name/${encodeURIComponent(name)}/check`;
  const result = await manage("POST", path, outcome, {});
  const passed = result.steps.flatMap(({ step, state, ms }) =>
    state === "passed" ? [`  ✓ ${step.replaceAll("_", " ")}${ms === undefined ? "" : ` ${ms} ms`}`] : [],
  );
  const { ok, ms, title = "", advice = "", field } = result;
  const summary = ok
    ? `The check passed (${ms} ms).`
    : `${title} ${advice}${field ? ` Property: ${field}.` : ""}`;
  print(result, ...passed, summary);
  // The check's outcome is already printed. Scripts read the exit code.
  if (!ok) throw new Failure("failed", "The check failed.");
}

async function remove(name: string, { fabric, yes }: InFabric & { yes?: true }): Promise<void> {
  const path = `/fabric/${await findFabric(fabric)}/connection/name/${encodeURIComponent(name)}`;
  const connection = await manage("GET", path, toDelete);
  if (!yes) await confirm(connection);
  await manage("DELETE", path, z.object({ id: z.string() }));
  print(
    { name: connection.name },
    `Deleted ${oneLine(connection.name)}. “selvage trash restore” restores it, until it is purged.`,
  );
}

/** An older server does not know its rotations. */
const toDelete = z.object({ name: z.string(), rotations: z.array(z.string()).default([]) });

async function confirm({ name, rotations }: z.infer<typeof toDelete>): Promise<void> {
  if (!process.stdin.isTTY) throw new Failure("usage", "Without a terminal, confirm with --yes.");
  for (const secret of rotations)
    process.stderr.write(`The rotation of ${oneLine(secret)} goes through it, and fails without it.\n`);
  const question = `Delete ${oneLine(name)}? Pipelines that use it stop working. Type its name: `;
  const answer = await askQuestions(({ shown }) => shown(question));
  if (answer !== name) throw new Failure("failed", "The name does not match: nothing was deleted.");
}

function minuteOf(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}
