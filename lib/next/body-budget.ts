import "server-only";

/** A shorter body is not counted for its person. */
export const longBodyBytes = 65_536;
/** Long bodies of one person that arrive at a time. A page or a script sends one after the other. */
const mostLongOfOne = 8;
/** Largest bodies of everybody together. */
const mostLargest = 32;

/**
 * Takes room for the body of a request before it is read, since it is in memory until it is whole. Returns what gives the room
 * back, or null when there is none.
 */
export type BodyBudget = (sender: string, bytes: number) => (() => void) | null;

export function createBodyBudget(largestBytes: number): BodyBudget {
  const longOf = new Map<string, number>();
  let taken = 0;
  return (sender, bytes) => {
    const isLong = bytes > longBodyBytes;
    const others = longOf.get(sender) ?? 0;
    if (taken + bytes > mostLargest * largestBytes || (isLong && others >= mostLongOfOne)) return null;
    taken += bytes;
    if (isLong) longOf.set(sender, others + 1);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      taken -= bytes;
      if (!isLong) return;
      const left = (longOf.get(sender) ?? 1) - 1;
      if (left > 0) longOf.set(sender, left);
      else longOf.delete(sender);
    };
  };
}

/** How long the body of a request may become; one that comes in chunks does not say. */
export function announcedBytes(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  largestBytes: number,
): number {
  const length = headers["content-length"];
  if (length !== undefined) return Math.min(Number(length) || 0, largestBytes);
  return headers["transfer-encoding"] === undefined ? 0 : largestBytes;
}
