import type { PasswordRotation } from "@/automate/password-rotations/rotation";

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;

type Schedule = Pick<PasswordRotation, "everyDays" | "windowStart" | "windowMinutes">;

/**
 * When the schedule rotates next: after its days, in its window. After a failure in an hour, then in two, four, … at most
 * a day; the loop then waits for the window. Null without a schedule.
 */
export function nextDue({ everyDays, windowStart }: Schedule, failures: number, now: Date): Date | null {
  if (everyDays === null) return null;
  const retryMs = Math.min(hourMs * 2 ** Math.max(0, failures - 1), dayMs);
  const due = new Date(now.getTime() + (failures > 0 ? retryMs : everyDays * dayMs));
  return windowStart === null || failures > 0 ? due : startOfWindow(due, windowStart);
}

/** True when the window is open at this time, or when there is none. */
export function isInWindow({ windowStart, windowMinutes }: Schedule, now: Date): boolean {
  if (windowStart === null || windowMinutes === null) return true;
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  return (minute - windowStart + 24 * 60) % (24 * 60) < windowMinutes;
}

/** The start of the window on the day of `due`, in UTC. */
function startOfWindow(due: Date, windowStart: number): Date {
  const start = new Date(due);
  start.setUTCHours(Math.floor(windowStart / 60), windowStart % 60, 0, 0);
  return start;
}
