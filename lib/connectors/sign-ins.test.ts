import { describe, expect, test } from "vitest";
import { fieldMeta } from "@/lib/connectors/define";
import { connectorForm, isComplete, propertiesOf, searchWords } from "@/lib/connectors/form";
import { connectors, findConnector } from "@/lib/connectors/registry";
import { isUser, type TypeOf, userFieldOf, validate, withoutGivenUsers } from "@/lib/connectors/validate";
import { examples } from "@/testing/connection-examples/registry";

/** Every sign-in with a user and a password: the user's field and the password's. */
const signIns: Record<string, readonly [user: string, password: string]> = {
  postgres: ["username", "password"],
  mysql: ["username", "password"],
  mssql: ["username", "password"],
  synapse: ["username", "password"],
  mongodb: ["username", "password"],
  hana: ["username", "password"],
  oracle: ["username", "password"],
  redshift: ["username", "password"],
  sftp: ["username", "password"],
  smtp: ["smtpUsername", "smtpPassword"],
  snowflake: ["username", "password"],
  salesforce: ["sfUser", "sfPassword"],
};

const typeOf: TypeOf = (id) =>
  ({ login: "username_password", other: "username_password", text: "text" })[id] as ReturnType<TypeOf>;

function connectorOf(kind: string) {
  const connector = findConnector(kind);
  if (!connector) throw new Error(`There is no kind ${kind}.`);
  return connector;
}

/** A valid connection of this kind with a Text secret in each credential, and without its user. */
function userless(kind: string): Record<string, unknown> {
  const { properties = {}, secrets = {} } = examples[kind] ?? {};
  const [user = "", password = ""] = signIns[kind] ?? [];
  const { [user]: _, ...rest } = {
    ...properties,
    ...Object.fromEntries(Object.keys(secrets).map((field) => [field, "text"])),
  };
  const methods: Record<string, object> = {
    sftp: { authMethod: "password", privateKey: undefined },
    snowflake: { authType: "pwd", privateKey: undefined },
  };
  return { ...rest, ...methods[kind], [password]: "text" };
}

test("a Username & Password secret fits every sign-in that has both, and nothing else takes its parts apart", () => {
  const found = Object.values(connectors).flatMap((connector) =>
    Object.keys(connector.fields.shape).flatMap((password) => {
      const user = userFieldOf(connector, password);
      return user === undefined ? [] : [[connector.kind, [user, password]] as const];
    }),
  );
  expect(Object.fromEntries(found)).toEqual(signIns);
  const accepting = Object.values(connectors).filter(({ fields }) =>
    Object.values(fields.shape).some((field) => fieldMeta(field).subKinds?.includes("username_password")),
  );
  expect(accepting.map(({ kind }) => kind).sort()).toEqual([...Object.keys(signIns), "restapi"].sort());
  for (const kind of accepting) expect(searchWords(kind)).toContain("Username & Password");
});

describe.each(Object.entries(signIns))("a sign-in of the kind %s", (kind, [user, password]) => {
  const connector = connectorOf(kind);
  const input = userless(kind);

  test("needs no user with a Username & Password secret", () => {
    expect(validate(connector, { ...input, [password]: "login" }, typeOf)).toMatchObject({ ok: true });
  });

  test("needs its user with a Text secret", () => {
    expect(validate(connector, input, typeOf)).toMatchObject({
      ok: false,
      fieldErrors: { [user]: expect.stringMatching(/^(This field is required|Choose a secret)\.$/) },
    });
  });

  test("may be without its user while the type of the secret is not known", () => {
    expect(validate(connector, { ...input, [password]: "unknown" }, typeOf)).toMatchObject({ ok: true });
    expect(validate(connector, { ...input, [password]: undefined }, typeOf)).toMatchObject({ ok: false });
  });

  test("has a form that asks for the user only with a Text secret", () => {
    const { fields } = connectorForm(connector);
    const values = Object.fromEntries(
      fields.map(({ name, initial }) => [name, String(input[name] ?? initial)]),
    );
    const filled = { ...values, [user]: "etl", [password]: "login" };
    expect(isComplete(fields, { ...values, [password]: "login" }, typeOf)).toBe(true);
    expect(isComplete(fields, values, typeOf)).toBe(false);
    expect(propertiesOf(fields, filled, typeOf)).not.toHaveProperty(user);
    expect(propertiesOf(fields, { ...filled, [password]: "text" }, typeOf)).toHaveProperty(user);
  });
});

test("a user that a script sent with a Username & Password secret is stored, and nothing takes it for the one that signs in", () => {
  const postgres = connectorOf("postgres");
  const input = { ...userless("postgres"), username: "etl", password: "login" };
  const validated = validate(postgres, input, typeOf);
  expect(validated).toMatchObject({ ok: true, value: { username: "etl" } });
  if (!validated.ok) return;
  expect(withoutGivenUsers(postgres, validated.value, typeOf)).not.toHaveProperty("username");
  const own = { ...validated.value, password: "text" };
  expect(withoutGivenUsers(postgres, own, typeOf)).toMatchObject({ username: "etl" });
});

test("a user that is a secret may be the same Username & Password secret, and no other", () => {
  const salesforce = connectorOf("salesforce");
  const input = { ...userless("salesforce"), sfPassword: "login" };
  const same = validate(salesforce, { ...input, sfUser: "login" }, typeOf);
  expect(same).toMatchObject({ ok: true });
  expect(same.ok && same.value).not.toHaveProperty("sfUser");
  for (const sfUser of ["text", "other"])
    expect(validate(salesforce, { ...input, sfUser }, typeOf)).toEqual({
      ok: false,
      fieldErrors: { sfUser: "Leave this out: the secret of the password gives the username." },
    });
});

test("the secret of a hidden password gives no user", () => {
  const input = { ...userless("snowflake"), authType: "key_pair", privateKey: "text", password: "login" };
  expect(validate(connectorOf("snowflake"), input, typeOf)).toMatchObject({
    ok: false,
    fieldErrors: { username: "This field is required." },
  });
});

test("a user in a secret is held to the rules of the form, exactly as it is", () => {
  const judge = (kind: string, user: string) => isUser(connectorOf(kind), signIns[kind]?.[0] ?? "", user);
  expect(judge("oracle", "C##ETL")).toBe(true);
  // An “@” would begin a connect identifier, which names a server.
  expect(judge("oracle", "etl@//evil.example:1521/x")).toBe(false);
  expect(judge("postgres", "etl@tenant")).toBe(true);
  for (const user of ["", " etl", "etl ", "etl host=evil.example;", "-etl", "e\nl", "x".repeat(64)])
    expect([user, judge("postgres", user)]).toEqual([user, false]);
});
