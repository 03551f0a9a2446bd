import { redshift } from "@/lib/connectors/kinds/redshift";
import { CheckFailure, defineCheck, standIn } from "@/worker/check";
import { explainPostgres, loadPostgres, queryPostgres } from "@/worker/clients/postgres-wire";

/** Signs in and selects a constant, for which the cluster reads no table. */
export const checkRedshift = defineCheck(redshift, {
  standIns: { password: standIn },
  preload: loadPostgres,

  run(properties, context) {
    return queryPostgres(properties, context, async (client) => {
      const { rows } = await client.query<{ one: number }>("SELECT 1 AS one");
      if (rows[0]?.one !== 1) throw new CheckFailure("unexpected_answer", "server");
      return {};
    });
  },

  explain: explainPostgres,
});
