import "server-only";
import { db } from "@/lib/db/client";
import type { Overlap, RotationMethod } from "@/lib/password-rotations/schema";

/** The overlap after the newest rotation: who keeps a former password or key, and until when. Null outside of one. */
export async function findOverlap({
  secretId,
  method,
  users,
  overlapMinutes,
}: {
  secretId: string;
  method: string;
  users: readonly string[];
  overlapMinutes: number;
}): Promise<Overlap | null> {
  if (method === "own") return null;
  const [newest] = await db.$queryRaw<{ user: string; until: Date }[]>`
    SELECT "user", "promotedAt" + make_interval(mins => ${overlapMinutes}::int) AS until FROM password_run
    WHERE "secretId" = ${secretId} AND "promotedAt" > now() - make_interval(mins => ${overlapMinutes}::int)
    ORDER BY "promotedAt" DESC LIMIT 1`;
  if (!newest) return null;
  // An Admin may have entered other users meanwhile.
  const isOfPair = method === "pair" && users.includes(newest.user);
  const user = isOfPair ? (users.find((one) => one !== newest.user) ?? null) : null;
  return { method: method as RotationMethod, user, until: newest.until };
}
