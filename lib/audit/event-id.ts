/**
 * The lower bound of the ids of events from `date` on, in the text order of ids: a UUIDv7 begins with its time, in
 * milliseconds.
 */
export function firstEventId(date: Date): string {
  const time = Math.max(0, date.getTime()).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** The time with which an id begins, or null for one that is no UUIDv7. */
export function timeOfEventId(id: string): Date | null {
  const digits = /^([0-9a-f]{8})-([0-9a-f]{4})(?:-7|$)/.exec(id);
  return digits ? new Date(Number.parseInt(`${digits[1]}${digits[2]}`, 16)) : null;
}
