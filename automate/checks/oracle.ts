import { type CheckContext, CheckFailure, defineCheck, errorProperty } from "@/automate/checks/define";
import { type OracleWire, openOracleWire } from "@/automate/checks/oracle-wire";
import { networkFault } from "@/automate/checks/socket-faults";
import { oracle } from "@/lib/connectors/oracle";

const load = () => import("oracledb");

/** Signs in to the service, or the instance, of this name and asks for a constant. */
export const checkOracle = defineCheck(oracle, {
  preload: load,

  async run(properties, context) {
    try {
      await ask(properties, "SERVICE_NAME", context);
    } catch (error) {
      // The documented field takes either; a listener that knows no such service has seen no sign-in.
      if (!isUnknown(error, "service")) throw error;
      await ask(properties, "SID", context);
    }
    return {};
  },

  explain(error) {
    if (!(error instanceof OracleFailure)) return null;
    const { cause, wire } = error;
    if (wire.isRedirected) return new CheckFailure("redirected", "server");
    if (isUnknown(error, "sid"))
      return new CheckFailure("database_not_found", "database", undefined, "sign_in");
    const number = oracleNumber(cause);
    if (number !== null) return byNumber(number);
    const fault = networkFault(wire.failure);
    if (fault !== null) return new CheckFailure(fault, "port");
    if (closedCodes.has(errorProperty(cause, "code"))) return new CheckFailure("connection_closed", "port");
    return new CheckFailure("wrong_protocol", "port");
  },
});

type Properties = Parameters<typeof checkOracle.run>[0];

/** What the driver said, with what was seen of the wire: its own error has lost that. */
class OracleFailure extends Error {
  override readonly cause: unknown;
  readonly wire: OracleWire;
  constructor(cause: unknown, wire: OracleWire) {
    super("The check of Oracle failed.");
    this.cause = cause;
    this.wire = wire;
  }
}

async function ask(properties: Properties, by: "SERVICE_NAME" | "SID", { begin }: CheckContext) {
  const { server, port, username: user, password, database, tlsMode } = properties;
  const driver = (await load()).default;
  const protocol = tlsMode === "disable" ? "tcp" : "tcps";
  const connectString =
    `(DESCRIPTION=(TRANSPORT_CONNECT_TIMEOUT=60)(RETRY_COUNT=0)(ADDRESS=(PROTOCOL=${protocol})(HOST=${server})(PORT=${port}))` +
    `(CONNECT_DATA=(${by}=${database})))`;
  const wire = openOracleWire(properties);
  try {
    const connection = await driver.getConnection({ user, password, connectString });
    begin("permission");
    await connection.execute("SELECT 1 FROM DUAL");
    await connection.close({ drop: true });
  } catch (error) {
    throw new OracleFailure(error, wire);
  } finally {
    wire.close();
  }
}

function isUnknown(error: unknown, what: "service" | "sid"): boolean {
  // NJS-518 and NJS-519: what the driver makes of the listener's ERR=12514 and ERR=12505.
  const code = what === "service" ? "NJS-518" : "NJS-519";
  return error instanceof OracleFailure && errorProperty(error.cause, "code") === code;
}

/** The channel is gone, or never was: closed, contact lost, not made, refused without a reason, ended. */
const closedCodes: ReadonlySet<string> = new Set(["NJS-500", "NJS-501", "NJS-503", "NJS-511", "NJS-521"]);

/** The number of the server's own error; null for one of the driver. */
function oracleNumber(error: unknown): number | null {
  const number = typeof error === "object" && error !== null ? Reflect.get(error, "errorNum") : undefined;
  if (typeof number === "number" && number > 0) return number;
  // A listener's refusal has its number in the driver's sentence alone.
  const refused = /\bORA-(\d{5})\b/.exec(errorProperty(error, "message"));
  return refused ? Number(refused[1]) : null;
}

/** "Error Help" (docs.oracle.com/error-help/db). */
function byNumber(number: number): CheckFailure | null {
  switch (number) {
    case 1005:
    case 1017:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 28000:
      return new CheckFailure("account_locked", "username", undefined, "sign_in");
    case 28001:
      return new CheckFailure("password_change_required", "password", undefined, "sign_in");
    case 1045:
      return new CheckFailure("not_permitted", "username", undefined, "sign_in");
    case 942:
    case 1031:
      return new CheckFailure("not_permitted", "username", undefined, "permission");
    case 12505:
    case 12514:
      return new CheckFailure("database_not_found", "database", undefined, "sign_in");
    case 12529:
    case 12506:
      return new CheckFailure("not_admitted", "server", undefined, "sign_in");
    case 18:
    case 20:
    case 12516:
    case 12519:
    case 12520:
      return new CheckFailure("too_many_connections");
    case 1033:
    case 1034:
    case 1035:
    case 1089:
    case 1109:
    case 12526:
    case 12527:
    case 12528:
      return new CheckFailure("server_not_ready");
    default:
      return null;
  }
}
