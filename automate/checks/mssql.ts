import { defineCheck } from "@/automate/checks/define";
import { askSqlServer, explainSqlServer, loadSqlServer } from "@/automate/checks/sql-server";
import { mssql } from "@/lib/connectors/mssql";

/** Signs in to the user's own default database and asks for a constant. */
export const checkMssql = defineCheck(mssql, {
  preload: loadSqlServer,

  async run(properties, context) {
    await askSqlServer(properties, context);
    return {};
  },

  explain: explainSqlServer,
});
