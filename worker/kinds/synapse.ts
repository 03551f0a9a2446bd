import { synapse } from "@/lib/connectors/kinds/synapse";
import { defineCheck, standIn } from "@/worker/check";
import { explainSqlServer, loadSqlServer, querySqlServer } from "@/worker/clients/sql-server";

/** Signs in to the dedicated SQL pool and selects a constant. A paused pool reports that it is paused. */
export const checkSynapse = defineCheck(synapse, {
  standIns: { password: standIn },
  preload: loadSqlServer,

  async run(properties, context) {
    await querySqlServer(properties, context);
    return {};
  },

  explain: explainSqlServer,
});
