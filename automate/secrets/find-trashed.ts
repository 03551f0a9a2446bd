import { Refusal } from "@/automate/http/error";
import { reachesConnection, reachesSecret } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import { preparedQuery } from "@/lib/db/prepared";

/** A secret or connection in the trash of its fabric: nobody can use it, and it can be restored. */
export type Trashed = { id: string; name: string; deletedAt: Date };

const findSecrets = preparedQuery<Trashed & { nameKey: string }>(
  `SELECT n."nameKey", s.id, n.name, s."deletedAt" FROM secret_name n JOIN secret s ON s.id = n."secretId"
   WHERE n."fabricId" = $1 AND n."nameKey" = ANY($2::text[]) AND s."fabricId" = $1 AND s."deletedAt" IS NOT NULL`,
);

/**
 * The secrets in the trash that have these names, by name in lower case. Only those that the scope may use: what it
 * may not use looks as if it did not exist.
 */
export async function findTrashedSecrets(
  scope: Scope<"secret:use">,
  names: readonly string[],
): Promise<ReadonlyMap<string, Trashed>> {
  if (names.length === 0) return new Map();
  const rows = await findSecrets(
    scope.fabricId,
    names.map((name) => name.toLowerCase()),
  );
  return new Map(rows.filter(({ id }) => reachesSecret(scope, id)).map((row) => [row.nameKey, row]));
}

const findConnections = preparedQuery<Trashed>(
  `SELECT id, name, "deletedAt" FROM trashed_connection
   WHERE "fabricId" = $1 AND "nameKey" = $2 ORDER BY "deletedAt" DESC LIMIT 100`,
);

/** The newest connection of this name in the trash, if the scope may use it; otherwise null. */
export async function findTrashedConnection(
  scope: Scope<"secret:use">,
  name: string,
): Promise<Trashed | null> {
  const rows = await findConnections(scope.fabricId, name.toLowerCase());
  return rows.find(({ id }) => reachesConnection(scope, id)) ?? null;
}

/** The answer to a pipeline that reads something in the trash. */
export function inTrash(kind: "Secret" | "Connection", { name, deletedAt }: Trashed): Refusal {
  const day = deletedAt.toISOString().slice(0, 10);
  return new Refusal(
    404,
    "in_trash",
    `${kind} “${name}” was deleted on ${day} and is in the trash. Restore it in Selvage, in Trash of its fabric.`,
  );
}
