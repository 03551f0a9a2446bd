import { describe, expect, test } from "vitest";
import { fieldMeta } from "@/lib/connectors/define";
import { principalOf } from "@/lib/connectors/principal";
import { connectors } from "@/lib/connectors/registry";

/** Fields of all kinds that set the server, the transport security, or the data read after the sign-in. */
const others = new Set(
  `server host port baseUrl smtpUrl smtpPort siteUrl jdbcUrl serverUrl sfURL protocol region endpoint
  tlsMode encryption database schema catalog warehouse role dataset projectId bucketName containerName collection
  testPath path folder prefix workspace sfAPI tlsCAFile replicaSet service sid`.split(/\s+/),
);

describe("the principal", () => {
  const fields = Object.entries(connectors).flatMap(([kind, { fields }]) =>
    Object.entries(fields.shape)
      .filter(([, schema]) => !["secret", "hidden", "hostKey"].includes(fieldMeta(schema).control ?? ""))
      .map(([field]) => [kind, field] as const),
  );
  // Classify each new field: as part of the principal in principal.ts, or as something else above.
  test.each(fields)("includes or omits, for kind %s, the field %s as classified", (_kind, field) => {
    const isPrincipal = principalOf({ [field]: "x" }) !== "[]";
    expect([field, isPrincipal]).toEqual([field, !others.has(field)]);
  });

  test("does not depend on the connection's other fields", () => {
    const one = principalOf({ username: "etl", server: "a", database: "x", authType: "pwd", password: "id" });
    const same = principalOf({ authType: "pwd", server: "b", database: "y", username: "etl", schema: "" });
    expect(same).toBe(one);
    expect(principalOf({ username: "other", authType: "pwd" })).not.toBe(one);
  });
});
