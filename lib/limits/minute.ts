/** The seconds until the next minute of the clock, at least 1: when rates start again. */
export function secondsToNextMinute(): number {
  return Math.max(1, Math.ceil((60_000 - (Date.now() % 60_000)) / 1000));
}
