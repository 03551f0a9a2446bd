/** Counts what uses a secret, such as “2 connections, 1 rotation, 1 pipeline”. Empty if nothing does. */
export function usersText({
  usedBy,
  usedByRotations,
  pipelines,
}: {
  usedBy: number;
  usedByRotations: number;
  pipelines: number;
}): string {
  return [
    ...(usedBy > 0 ? [plural(usedBy, "connection")] : []),
    ...(usedByRotations > 0 ? [plural(usedByRotations, "rotation")] : []),
    ...(pipelines > 0 ? [plural(pipelines, "pipeline")] : []),
  ].join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}
