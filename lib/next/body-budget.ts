import "server-only";

/** Longer bodies count against their sender's limit. */
export const longBodyBytes = 65_536;
/**
 * The most long bodies that one sender may send at once. A page or a script sends them one after the other.
 */
const mostLongOfOne = 8;
/** The memory limit for all bodies together, in bodies of the largest size. */
const mostLargest = 32;

/**
 * Reserves memory for a request body before web reads it: a body stays in memory until it is complete.
 * Returns the function that releases it, or null when the budget is exhausted.
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

/**
 * The largest possible size of a request's body, in bytes. A chunked body does not announce its size, so it
 * counts as the largest.
 */
export function announcedBytes(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  largestBytes: number,
): number {
  const length = headers["content-length"];
  if (length !== undefined) return Math.min(Number(length) || 0, largestBytes);
  return headers["transfer-encoding"] === undefined ? 0 : largestBytes;
}
