import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import * as z from "zod";
import { Failure } from "@/cli/failure";
import { findFabric, findSecret, manage, type Secret } from "@/cli/management-client";
import { oneLine } from "@/cli/one-line";
import { print } from "@/cli/output";

type InFabric = { fabric: string };

const rotationSchema = z.object({
  method: z.string(),
  connection: z.object({ id: z.string(), name: z.string().nullable() }),
  administrator: z.string().optional(),
  users: z.array(z.string()),
  everyDays: z.number().nullable(),
  window: z.object({ start: z.string(), minutes: z.number() }).nullable(),
  dueAt: z.string().nullable(),
  problemTitle: z.string().optional(),
  lastRun: z
    .object({
      state: z.string(),
      serverHas: z.string(),
      title: z.string(),
      startedAt: z.string(),
      startedBy: z.string(),
      endedAt: z.string().nullable(),
    })
    .nullable(),
});
type Rotation = z.infer<typeof rotationSchema>;

const askEveryMs = 1000;
/** A run takes seconds. One whose server does not answer waits, and is not waited for any longer. */
const waitMs = 5 * 60_000;

/** The commands about the rotation that an Admin set up in the app. */
export function addRotations(command: (words: string, description: string) => Command): void {
  command(
    "rotation <secret>",
    "show how Selvage rotates a secret, and its last run; an Admin sets it up in the app",
  ).action(show);
  command("rotate <secret>", "rotate a secret now, as an Admin set it up, and wait until that has ended")
    .option("--no-wait", "do not wait")
    .action(rotate);
  command("end-rotation <secret>", "end the rotation of a secret; its value stays").action(end);
}

async function show(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const rotation = await manage(
    "GET",
    rotationPath(fabricId, await findSecret(fabricId, name)),
    rotationSchema,
  );
  print(rotation, ...linesOf(rotation));
}

async function rotate(name: string, { fabric, wait }: InFabric & { wait: boolean }): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const path = rotationPath(fabricId, secret);
  let rotation = await manage("POST", `${path}/run`, rotationSchema);
  const until = Date.now() + waitMs;
  while (wait && rotation.lastRun?.endedAt === null && Date.now() < until) {
    await sleep(askEveryMs);
    rotation = await manage("GET", path, rotationSchema);
  }
  const { lastRun } = rotation;
  print(rotation, ...(lastRun ? [lastRun.title] : []));
  if (lastRun?.state === "failed")
    throw new Failure("failed", `The value of ${secret.properties.name} was not rotated.`);
  if (wait && lastRun?.endedAt === null)
    throw new Failure(
      "unavailable",
      "The rotation has not ended. Run “secrets rotation” later to see its state.",
    );
}

async function end(name: string, { fabric }: InFabric): Promise<void> {
  const fabricId = await findFabric(fabric);
  const secret = await findSecret(fabricId, name);
  const ended = await manage("DELETE", rotationPath(fabricId, secret), z.object({ id: z.string() }));
  print(ended, `Ended the rotation of ${secret.properties.name}. Its value stays.`);
}

function rotationPath(fabricId: string, { properties }: Secret): string {
  return `/fabric/${fabricId}/secret/id/${properties.id}/rotation`;
}

function linesOf({
  method,
  connection,
  users,
  everyDays,
  window,
  dueAt,
  problemTitle,
  lastRun,
  ...of
}: Rotation) {
  const who =
    method !== "pair"
      ? `The user changes its own ${method === "own" ? "password" : "key pair"}`
      : `${oneLine(of.administrator ?? "A deleted secret")} sets the passwords of ${users.map(oneLine).join(" and ")} in turn`;
  const often =
    everyDays === null
      ? "when an Admin starts it"
      : everyDays === 1
        ? "every day"
        : `every ${everyDays} days`;
  const at = window ? `, from ${window.start} for ${window.minutes} minutes (UTC)` : "";
  return [
    `${who}, ${often}${at}.`,
    connection.name === null
      ? "Its connection no longer uses this secret."
      : `at the server of connection ${oneLine(connection.name)}`,
    ...(dueAt ? [`next at ${minuteOf(dueAt)}`] : []),
    ...(problemTitle ? [`The last rotation could not begin. ${oneLine(problemTitle)}`] : []),
    ...(lastRun
      ? [
          `${minuteOf(lastRun.startedAt)} by ${oneLine(lastRun.startedBy)}, ${lastRun.state}: ${oneLine(lastRun.title)}`,
        ]
      : ["It has not run yet."]),
  ];
}

/** 2026-11-30 10:05 UTC, from an ISO time. */
function minuteOf(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}
