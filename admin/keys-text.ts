import type { OperatorAnswer } from "@/lib/internal-api/operator-contract";

type Status = OperatorAnswer<"keys:status">;
type Rotation = Status["rotations"][number];

/** The output of `keys status`. */
export function statusText({ masterKeys, rotations, ...backups }: Status): string {
  return [
    "Master keys:",
    ...masterKeys.map(
      ({ label, provider, fingerprint, isPrimary, state, fabricKeys }) =>
        `  ${fingerprint}  ${label ? `“${label}” (${provider})` : "not in the keyring"}${isPrimary ? ", primary" : ""}: ${state}, wraps ${many(fabricKeys, "fabric key")}`,
    ),
    rotations.length === 0 ? "No rotations yet." : "Rotations:",
    ...rotations.map((rotation) => `  ${rotationText(rotation)}`),
    ...backupLines(backups),
  ].join("\n");
}

function backupLines({
  backupTakenAt,
  drill,
  drillPassedAt,
}: Pick<Status, "backupTakenAt" | "drill" | "drillPassedAt">): string[] {
  return [
    backupTakenAt === null ? "No backup yet." : `Last backup: ${backupTakenAt}`,
    drill === null
      ? "No drill yet."
      : `Last drill: ${drill.endedAt}, ${drill.passed ? "passed" : `did not pass (the last that did: ${drillPassedAt ?? "none"})`}, ${drill.opened} of ${many(drill.opened + drill.unopened, "value")} opened`,
  ];
}

function rotationText(rotation: Rotation): string {
  const { kind, fabric, target, state, done, total, unopened, startedByName, startedAt, lastError } =
    rotation;
  const what = fabric ? `“${fabric.name}” of team ${fabric.team}` : `Master key ${target}`;
  const unit = kind === "fabric" ? "value" : "fabric key";
  return [
    `${what}: ${state}, ${done} of ${many(total, unit)}`,
    ...(unopened > 0 ? [`with ${many(unopened, unit)} that could not be opened`] : []),
    ...(state === "running" ? paceOf(rotation) : []),
    `started by ${startedByName} at ${startedAt}`,
    ...(rotation.endedAt ? [`ended at ${rotation.endedAt}`] : []),
    ...(lastError ? [`last error: ${lastError}`] : []),
  ].join(", ");
}

function paceOf({ done, total, unopened, runningMs }: Rotation): string[] {
  const left = total - done - unopened;
  if (left <= 0) return ["the former key is destroyed when nothing has been under it for a minute"];
  if (done === 0 || runningMs === 0) return [];
  const perSecond = (done / runningMs) * 1_000;
  return [`${Math.round(perSecond)} a second`, `about ${Math.ceil(left / perSecond)} s left`];
}

function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}
