import "server-only";

/** Longer bodies count against their sender's limit. */
export const longBodyBytes = 65_536;
/**
 * The most long bodies that one sender may send at once. A page or a script sends them one after the other.
 */
const maxLongPerSender = 8;
/** The memory limit for all bodies together, in bodies of the largest size. */
const maxLargest = 32;

/**
 * Reserves memory for a request body before web reads it: a body counts until web has read all of it.
 * Returns the function that releases it, or null when none is left.
 */
export type BodyMemory = (sender: string, bytes: number) => (() => void) | null;

export function createBodyMemory(largestBytes: number): BodyMemory {
  const longOf = new Map<string, number>();
  let reservedBytes = 0;
  return (sender, bytes) => {
    const isLong = bytes > longBodyBytes;
    const longBodies = longOf.get(sender) ?? 0;
    if (reservedBytes + bytes > maxLargest * largestBytes || (isLong && longBodies >= maxLongPerSender))
      return null;
    reservedBytes += bytes;
    if (isLong) longOf.set(sender, longBodies + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      reservedBytes -= bytes;
      if (!isLong) return;
      const remaining = (longOf.get(sender) ?? 1) - 1;
      if (remaining > 0) longOf.set(sender, remaining);
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
