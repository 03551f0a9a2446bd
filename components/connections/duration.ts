/** Formats a duration in the most readable unit, in one line. */
export function formatDuration(ms: number): string {
  return ms < 1000 ? `${ms}\u00a0ms` : `${(ms / 1000).toFixed(1)}\u00a0s`;
}
