import { oracle } from "@/lib/connectors/kinds/oracle";
import { CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { explainOracle } from "@/worker/clients/oracle-fault";
import { replaceInternals } from "@/worker/clients/oracle-transport";

const load = () =>
  Promise.all([
    import("oracledb"),
    import("oracledb/lib/thin/sqlnet/ntTcp.js"),
    // The larger part of the driver, which it would otherwise load at the first connection.
    import("oracledb/lib/thin/index.js"),
  ]);

/** Signs in and selects a constant, in the driver's thin mode, which needs no Oracle client. */
export const checkOracle = defineCheck(oracle, {
  standIns: { password: standIn },
  preload() {
    // The driver formats its time zone this way, and the first call has to load the locale's data.
    (0).toLocaleString("en-US");
    return load();
  },

  async run(properties, { begin }) {
    const [{ default: driver }, { default: transport }] = await load();
    replaceInternals(transport.prototype, properties);
    const signIn = (by: NameKind) =>
      driver.getConnection({
        user: properties.username,
        password: properties.password,
        connectString: descriptorOf(properties, by),
        ...anonymousClient,
      });
    // The listener does not know a service of this name, so try it as a SID. No sign-in was attempted yet.
    const connection = await signIn("SERVICE_NAME").catch((error: unknown) => {
      if (errorProperty(error, "code") !== unknownService) throw error;
      return signIn("SID");
    });
    begin("permission");
    await connection.execute("SELECT 1 FROM DUAL");
    await connection.close();
    return {};
  },

  explain: explainOracle,
});

const unknownService = "NJS-518";

/** Otherwise the driver sends the server this machine's name and automate's user. */
const anonymousClient = {
  driverName: "selvage",
  program: "selvage",
  machine: "selvage",
  osUser: "selvage",
  terminal: "selvage",
};

type NameKind = "SERVICE_NAME" | "SID";
type Login = Pick<Parameters<typeof checkOracle.run>[0], "port" | "database" | "tlsMode">;

/**
 * Returns the connect descriptor.
 *
 * It names no host, because the driver would look the name up itself, which the egress guard blocks. The
 * transport knows the host, and listeners ignore this field.
 */
export function descriptorOf({ port, database, tlsMode }: Login, by: NameKind): string {
  if (!/^\d+$/.test(port) || !/^[\w.$#-]+$/.test(database)) throw new CheckFailure("misconfigured");
  const protocol = tlsMode === "disable" ? "tcp" : "tcps";
  const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=0.0.0.0)(PORT=${port}))`;
  return `(DESCRIPTION=(CONNECT_TIMEOUT=60)${address}(CONNECT_DATA=(${by}=${database})))`;
}
