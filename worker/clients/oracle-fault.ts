import { CheckFailure, errorProperty } from "@/worker/check";
import { networkFault } from "@/worker/egress/socket-faults";

/** What an error of the driver means, by the number that the server or its listener gave; null when it is not known. */
export function explainOracle(error: unknown): CheckFailure | null {
  const number = numberOf(error);
  if (number !== null) return byNumber(number);
  const known = byDriverCode(error);
  if (known !== null) return known;
  const fault = networkFault(error);
  if (fault !== null) return new CheckFailure(fault, "port");
  // Below 100 are the driver's complaints about its caller; what is left is an answer that it could not read.
  const isOurs = /^NJS-0/.test(errorProperty(error, "code"));
  return error instanceof Error && !isOurs ? new CheckFailure("wrong_protocol", "port") : null;
}

/** The server's number; a listener's refusal has it in the text alone. */
function numberOf(error: unknown): number | null {
  const number: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "errorNum") : undefined;
  if (typeof number === "number") return number;
  if (!/^NJS-/.test(errorProperty(error, "code"))) return null;
  const inText = /\bORA-(\d{1,5})\b/.exec(errorProperty(error, "message"))?.[1];
  return inText === undefined ? null : Number(inText);
}

/** The driver's own errors (its lib/errors.js). */
function byDriverCode(error: unknown): CheckFailure | null {
  switch (errorProperty(error, "code")) {
    case "NJS-518":
    case "NJS-519":
      return new CheckFailure("database_not_found", "database");
    case "NJS-511":
      return new CheckFailure("not_admitted", "server");
    case "NJS-116":
      return new CheckFailure("sign_in_not_offered", "username");
    case "NJS-138":
      return new CheckFailure("version_not_supported", "server");
    case "NJS-500":
    case "NJS-501":
    case "NJS-521":
      return new CheckFailure("connection_closed", "port");
    case "NJS-068":
      // The driver lacks its own error for a packet of no known type, and says so.
      return new CheckFailure("wrong_protocol", "port");
    default:
      // So it says when a listener has sent it on to a name: names are not looked up for it.
      return errorProperty(error, "message") === "All options tried"
        ? new CheckFailure("redirected", "server")
        : null;
  }
}

/** "Database Error Messages" (docs.oracle.com/error-help/db); the numbers from 12500 on are the listener's. */
function byNumber(number: number): CheckFailure | null {
  switch (number) {
    case 1005:
    case 1017:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 28000:
      return new CheckFailure("account_locked", "username", undefined, "sign_in");
    case 28001:
      return new CheckFailure("password_change_required", "password", undefined, "sign_in");
    case 28009:
    case 28040:
      return new CheckFailure("sign_in_not_offered", "username", undefined, "sign_in");
    case 1045:
    case 1031:
      return new CheckFailure("not_permitted", "username", undefined, "permission");
    case 1035:
      return new CheckFailure("not_admitted", "username", undefined, "sign_in");
    case 12506:
    case 12529:
      return new CheckFailure("not_admitted", "server", undefined, "sign_in");
    case 12650:
    case 12660:
      // It demands Oracle's own encryption, which the driver does not speak: TLS is the other way.
      return new CheckFailure("not_admitted", "tlsMode", undefined, "sign_in");
    case 12505:
    case 12514:
      return new CheckFailure("database_not_found", "database", undefined, "sign_in");
    case 18:
    case 20:
    case 2391:
    case 12516:
    case 12519:
    case 12520:
      return new CheckFailure("too_many_connections");
    case 1033:
    case 1034:
    case 1089:
    case 1090:
    case 1109:
    case 12526:
    case 12527:
    case 12528:
      return new CheckFailure("server_not_ready");
    case 3113:
    case 3114:
    case 3135:
    case 12537:
    case 12547:
      return new CheckFailure("connection_closed", "port");
    default:
      return null;
  }
}
