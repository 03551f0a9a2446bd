import { CheckFailure, errorProperty } from "@/worker/check";
import { networkFault } from "@/worker/egress/socket-faults";

/** Maps a driver's error to a finding, by the number from the server or its listener; null when it is unknown. */
export function explainOracle(error: unknown): CheckFailure | null {
  const number = numberOf(error);
  if (number !== null) return byNumber(number);
  const finding = byDriverCode(error);
  if (finding !== null) return finding;
  const fault = networkFault(error);
  if (fault !== null) return new CheckFailure(fault, "port");
  // Codes below 100 report a wrong call of the driver. Any other error is an answer that the driver could not
  // parse.
  const isOurs = /^NJS-0/.test(errorProperty(error, "code"));
  return error instanceof Error && !isOurs ? new CheckFailure("wrong_protocol", "port") : null;
}

/** Returns the server's error number. A listener's refusal has it only in the text. */
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
      // The driver answers this for a packet of unknown type, because it lacks an error of its own for it.
      return new CheckFailure("wrong_protocol", "port");
    default:
      // The driver answers this when a listener redirects it to a name, because the guard blocks its name
      // lookups.
      return errorProperty(error, "message") === "All options tried"
        ? new CheckFailure("redirected", "server")
        : null;
  }
}

/** "Database Error Messages" (docs.oracle.com/error-help/db). Numbers from 12500 come from the listener. */
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
    case 1918:
    case 972:
    case 988:
    case 28003:
    case 28007:
    case 28008:
      return new CheckFailure("password_not_accepted", "password", undefined, "permission");
    case 1045:
    case 28221:
    case 1031:
      return new CheckFailure("not_permitted", "username", undefined, "permission");
    case 1035:
      return new CheckFailure("not_admitted", "username", undefined, "sign_in");
    case 12506:
    case 12529:
      return new CheckFailure("not_admitted", "server", undefined, "sign_in");
    case 12650:
    case 12660:
      // The server requires Oracle's native encryption, which the driver lacks. TLS is the alternative.
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
