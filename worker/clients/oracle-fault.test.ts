import { expect, it } from "vitest";
import { explainOracle } from "@/worker/clients/oracle-fault";

/* The driver's errors that the stand-in of oracle.test.ts cannot cause. */
it.each([
  [1005, "rejected_credentials"],
  [28009, "sign_in_not_offered"],
  [12505, "database_not_found"],
  [18, "too_many_connections"],
  [20, "too_many_connections"],
  [12516, "too_many_connections"],
  [12520, "too_many_connections"],
  [1034, "server_not_ready"],
  [1089, "server_not_ready"],
  [1090, "server_not_ready"],
  [1109, "server_not_ready"],
  [12526, "server_not_ready"],
  [12527, "server_not_ready"],
  [3113, "connection_closed"],
  [12537, "connection_closed"],
])("maps ORA-%d to %s", (errorNum, code) => {
  const error = Object.assign(new Error(`ORA-${errorNum}: You sent canary`), { code: "NJS-500", errorNum });
  expect(explainOracle(error)).toMatchObject({ code });
});

it.each([
  ["NJS-116", "password verifier type 0x939 is not supported", "sign_in_not_offered"],
  ["NJS-138", "connections to this database server version are not supported", "version_not_supported"],
  ["NJS-533", "service negotiation failed.\nCause: ORA-12660", "not_admitted"],
  ["NJS-521", "received end-of-file on communication channel", "connection_closed"],
  ["NJS-103", "unexpected message type 72 received at position 10 of packet 2", "wrong_protocol"],
])("maps %s (%s) to %s", (code, message, expected) => {
  const error = Object.assign(new Error(`${code}: ${message}`), { code });
  expect(explainOracle(error)).toMatchObject({ code: expected });
});

it("maps neither the driver's usage errors nor other values", () => {
  expect(explainOracle(Object.assign(new Error("NJS-007: …"), { code: "NJS-007" }))).toBeNull();
  expect(explainOracle("ORA-01017")).toBeNull();
});
