import { mssql } from "@/lib/connectors/kinds/mssql";
import { defineCheck, standIn } from "@/worker/check";
import { explainSqlServer, loadSqlServer, querySqlServer } from "@/worker/clients/sql-server";

/** Signs in to the user's default database and selects a constant. */
export const checkMssql = defineCheck(mssql, {
  standIns: { password: standIn },
  preload: loadSqlServer,

  async run(properties, context) {
    await querySqlServer(properties, context);
    return {};
  },

  explain: explainSqlServer,
});
