import "server-only";
import { db } from "@/lib/db/client";
import { longestHistory } from "@/lib/secrets/schema";

/**
 * Where the newest versions of a secret got their values, if nobody entered a value for them: from a candidate that was
 * promoted, or from a former version that somebody went back to. `settled_version.origin` is minus the candidate's number,
 * or the former version.
 */
export async function readOrigins(secretId: string) {
  const rows = await db.settledVersion.findMany({
    where: { secretId, origin: { not: null } },
    orderBy: { version: "desc" },
    take: longestHistory,
    select: { version: true, origin: true, madeCurrentByName: true },
  });
  // Minus the number of a candidate → the version that its promotion made. The oldest row of an origin is the promotion,
  // and comes last; later versions of the same origin are those of people who went back to it.
  const versionOfCandidate = new Map<number, number>();
  for (const { version, origin } of rows)
    if (origin !== null && origin < 0) versionOfCandidate.set(origin, version);

  return {
    /** The version to show for a field's: a promoted field was entered under the number of its candidate. */
    numberOf: (version: number) => versionOfCandidate.get(version) ?? version,

    /**
     * Null for a version whose value somebody entered. Otherwise says who made it current. `from` is the earlier version
     * with the same value; null for a promoted candidate.
     */
    madeCurrent(version: number): { byName: string; from: number | null } | null {
      const row = rows.find((one) => one.version === version);
      if (!row || row.origin === null) return null;
      const from = versionOfCandidate.get(row.origin) ?? row.origin;
      return { byName: row.madeCurrentByName ?? "", from: from < 0 || from === version ? null : from };
    },
  };
}
