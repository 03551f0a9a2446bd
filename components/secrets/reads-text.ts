import { formatDistanceStrict } from "date-fns";

type Reads = { reads: number; firstReadAt: Date | string | null; lastReadAt: Date | string };

/** How often a pipeline reads: "1 read", or "1,240 reads, about every 12 minutes". */
export function readsText({ reads, firstReadAt, lastReadAt }: Reads): string {
  const counted = reads === 1 ? "1 read" : `${reads.toLocaleString("en-US")} reads`;
  if (firstReadAt === null || reads < 3) return counted;
  const everyMs = (new Date(lastReadAt).getTime() - new Date(firstReadAt).getTime()) / (reads - 1);
  if (everyMs < 1_000) return `${counted}, several a second`;
  const every = formatDistanceStrict(0, everyMs).replace(/^1 /, "");
  return `${counted}, about every ${every}`;
}
