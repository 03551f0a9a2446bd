import { defineCheck } from "@/automate/checks/define";
import { askSqlServer, explainSqlServer, loadSqlServer } from "@/automate/checks/sql-server";
import { synapse } from "@/lib/connectors/synapse";

/** Signs in to the dedicated SQL pool and asks for a constant; a paused pool says that it is. */
export const checkSynapse = defineCheck(synapse, {
  preload: loadSqlServer,

  async run(properties, context) {
    await askSqlServer(properties, context);
    return {};
  },

  explain: explainSqlServer,
});
