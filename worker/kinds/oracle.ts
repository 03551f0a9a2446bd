import { oracle } from "@/lib/connectors/kinds/oracle";
import { CheckFailure, defineCheck, errorProperty } from "@/worker/check";
import { explainOracle } from "@/worker/clients/oracle-fault";
import { turnJoints } from "@/worker/clients/oracle-transport";

const load = () =>
  Promise.all([
    import("oracledb"),
    import("oracledb/lib/thin/sqlnet/ntTcp.js"),
    // The driver itself loads this, its larger part, at the first connection.
    import("oracledb/lib/thin/index.js"),
  ]);

/** Signs in and asks for a constant, in the driver's thin mode: without Oracle's own client. */
export const checkOracle = defineCheck(oracle, {
  preload() {
    // The driver writes its time zone with it: the first such call reads the locale's data.
    (0).toLocaleString("en-US");
    return load();
  },

  async run(properties, { begin }) {
    const [{ default: driver }, { default: transport }] = await load();
    turnJoints(transport.prototype, properties);
    const signIn = (by: NameKind) =>
      driver.getConnection({
        user: properties.username,
        password: properties.password,
        connectString: descriptorOf(properties, by),
        ...disguise,
      });
    // A name that the listener does not know as a service may be a SID. It said so before anybody signed in.
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

/** Otherwise the driver tells the server about this machine and who runs automate on it. */
const disguise = {
  driverName: "selvage",
  program: "selvage",
  machine: "selvage",
  osUser: "selvage",
  terminal: "selvage",
};

type NameKind = "SERVICE_NAME" | "SID";
type Login = Pick<Parameters<typeof checkOracle.run>[0], "port" | "database" | "tlsMode">;

/**
 * The connect descriptor, of fields alone. It has no host: a name would be looked up by the driver, by ways that are shut; who
 * is dialled is the transport's to know, and a listener does not go by it.
 */
export function descriptorOf({ port, database, tlsMode }: Login, by: NameKind): string {
  if (!/^\d+$/.test(port) || !/^[\w.$#-]+$/.test(database)) throw new CheckFailure("misconfigured");
  const protocol = tlsMode === "disable" ? "tcp" : "tcps";
  const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=0.0.0.0)(PORT=${port}))`;
  return `(DESCRIPTION=(CONNECT_TIMEOUT=60)${address}(CONNECT_DATA=(${by}=${database})))`;
}
