import type { RotationProgress } from "@/lib/fabric-keys/schema";

type Progress = Pick<RotationProgress, "state" | "done" | "total" | "unopened" | "perSecond">;

export const stateTexts = { running: "Running", paused: "Paused", done: "Done" } as const;

/** How far a rotation is: "4,000 of 10,000 values, 2,000 a second, about 3 seconds left". */
export function progressText({ state, done, total, unopened, perSecond }: Progress): string {
  const parts = [`${number(done)} of ${values(total)}`];
  if (unopened > 0) parts.push(`with ${values(unopened)} that could not be opened`);
  const left = total - done - unopened;
  if (state !== "running" || left <= 0 || perSecond === null) return parts.join(", ");
  return [...parts, `${number(perSecond)} a second`, `about ${duration(left / perSecond)} left`].join(", ");
}

/** True when nothing is left to reseal, and only the destruction of the former key is awaited. */
export function isSettling({ state, done, total, unopened }: Progress): boolean {
  return state === "running" && total - done - unopened <= 0;
}

function duration(seconds: number): string {
  if (seconds < 90) return many(Math.max(1, Math.ceil(seconds)), "second");
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? many(minutes, "minute") : many(Math.ceil(minutes / 60), "hour");
}

function values(count: number): string {
  return many(count, "value");
}

function many(count: number, one: string): string {
  return `${number(count)} ${one}${count === 1 ? "" : "s"}`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}
