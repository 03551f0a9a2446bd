import type { Client } from "pg";
import type { CheckFacts } from "@/lib/connectors/check-protocol";
import { postgres } from "@/lib/connectors/kinds/postgres";
import { CheckFailure, defineCheck, standIn } from "@/worker/check";
import { explainPostgres, loadPostgres, queryPostgres } from "@/worker/clients/postgres-wire";

/** Signs in, reads the server's version, which requires no further right, and looks for the named schema. */
export const checkPostgres = defineCheck(postgres, {
  standIns: { password: standIn },
  preload: loadPostgres,

  run(properties, context) {
    return queryPostgres(properties, context, async (client) => {
      const { rows } = await client.query<{ version: string }>(
        "SELECT current_setting('server_version_num') AS version",
      );
      if (properties.schema !== undefined) await requireSchema(client, properties.schema);
      return versionFact(rows[0]?.version);
    });
  },

  explain: explainPostgres,
});

async function requireSchema(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ usable: boolean }>(
    "SELECT has_schema_privilege(oid, 'USAGE') AS usable FROM pg_namespace WHERE nspname = $1",
    [schema],
  );
  if (rows[0] === undefined) throw new CheckFailure("schema_not_found", "schema");
  if (!rows[0].usable) throw new CheckFailure("not_permitted", "schema");
}

/** Parses a version number: 180004 is 18.4. Versions before 10 had three parts. */
function versionFact(version = ""): CheckFacts {
  const number = Number(version);
  return Number.isInteger(number) && number >= 100_000
    ? { serverVersion: `${Math.floor(number / 10_000)}.${number % 10_000}` }
    : {};
}
