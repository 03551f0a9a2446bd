import { oracle } from "@/lib/connectors/kinds/oracle";
import { defineCheck, standIn } from "@/worker/check";
import { explainOracle } from "@/worker/clients/oracle-fault";
import { loadOracle, signInToOracle } from "@/worker/clients/oracle-sign-in";

/** Signs in and selects a constant. */
export const checkOracle = defineCheck(oracle, {
  standIns: { password: standIn },
  preload() {
    // The driver formats its time zone this way, and the first call has to load the locale's data.
    (0).toLocaleString("en-US");
    return loadOracle();
  },

  async run(properties, { begin }) {
    const connection = await signInToOracle(properties);
    begin("permission");
    await connection.execute("SELECT 1 FROM DUAL");
    await connection.close();
    return {};
  },

  explain: explainOracle,
});
