import "server-only";
import type { Db, Tx } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { webEnv } from "@/lib/env";
import { type Quota, quotas } from "@/lib/quotas/schema";

/** The fabric or team that a quota is about. */
export type Place = { fabricId: string; teamId: string };

type Count = { used: number };

// Values of deleted secrets count until automate has purged them.
const counts = {
  fabrics: preparedQuery<Count>(`SELECT count(*)::float8 AS used FROM fabric WHERE "teamId" = $1`),
  secrets: preparedQuery<Count>(
    `SELECT count(*)::float8 AS used FROM secret WHERE "fabricId" = $1 AND "deletedAt" IS NULL`,
  ),
  connections: preparedQuery<Count>(`SELECT count(*)::float8 AS used FROM connection WHERE "fabricId" = $1`),
  storedByFabric: preparedQuery<Count>(
    `SELECT coalesce(sum("storedKib"), 0)::float8 / 1024 AS used FROM secret_version WHERE "fabricId" = $1`,
  ),
  storedByTeam: preparedQuery<Count>(
    `SELECT coalesce(sum(v."storedKib"), 0)::float8 / 1024 AS used
     FROM fabric f JOIN secret_version v ON v."fabricId" = f.id WHERE f."teamId" = $1`,
  ),
} as const satisfies Record<Quota, unknown>;

/** The id that a quota counts by. */
export function ownerOf(quota: Quota, { fabricId, teamId }: Place): string {
  return quota === "fabrics" || quota === "storedByTeam" ? teamId : fabricId;
}

/** The limit that the operator set. */
export function limitOf(quota: Quota): number {
  return webEnv()[quotas[quota].variable];
}

/** Counts what is stored now; with `tx`, as that transaction sees it. */
export async function countUse(quota: Quota, place: Place, tx?: Tx | Db): Promise<number> {
  const id = ownerOf(quota, place);
  const [row] = await (tx ? counts[quota].within(tx, id) : counts[quota](id));
  return row?.used ?? 0;
}
