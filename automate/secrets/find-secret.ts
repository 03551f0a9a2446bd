import { toUsableSecret, type UsableSecret, type UsableSecretRow } from "@/automate/secrets/usable-secret";
import { reachesSecret } from "@/lib/access/restriction";
import type { Scope } from "@/lib/access/scope";
import { createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";

type NameKey = { fabricId: string; nameKey: string };
type Row = UsableSecretRow & { n: number };

const findRows = preparedQuery<Row>(
  `SELECT requested.n::int AS n, s.id, s."fabricId", s.name, sn.name AS "requestedName", s."subKind", v.version, v.manifest, v.facts AS metadata
   FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) WITH ORDINALITY AS requested("fabricId", "nameKey", n)
   JOIN secret_name sn ON sn."fabricId" = requested."fabricId" AND sn."nameKey" = requested."nameKey"
   JOIN secret s ON s.id = sn."secretId" AND s."fabricId" = requested."fabricId" AND s."deletedAt" IS NULL
   CROSS JOIN LATERAL (SELECT version, manifest, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v`,
);

const findByName = createRowLoader<NameKey, Row>((requested) =>
  findRows(
    requested.map(({ fabricId }) => fabricId),
    requested.map(({ nameKey }) => nameKey),
  ),
);

/**
 * Finds the secrets that a scope may use by their current or former names, in any case. Returns one entry for
 * each name, null if it is missing or the scope may not use it.
 *
 * Every read by name goes through this function. Pass only names that `isSecretName` accepts.
 */
export async function findSecretsByName(
  scope: Scope<"secret:use">,
  names: readonly string[],
): Promise<(UsableSecret | null)[]> {
  const { fabricId } = scope;
  const rows = await findByName(names.map((name) => ({ fabricId, nameKey: name.toLowerCase() })));
  return rows.map((found) => {
    if (!found || !reachesSecret(scope, found.id)) return null;
    const { n: _n, ...row } = found;
    return toUsableSecret(row);
  });
}
