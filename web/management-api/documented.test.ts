import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectors } from "@/lib/connectors/registry";
import { examples } from "@/testing/connection-examples/registry";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { accessTokenOf, startWebWithAutomate } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";
import { readProperties } from "@/web/management-api/bodies/connection";
import { openApiDocument, schemaOf } from "@/web/management-api/openapi";
import { operations } from "@/web/management-api/registry";

let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let fabric: TestFabric;
let token: string;
let api: ReturnType<typeof createManagementApi>;

beforeAll(async () => {
  web = await startWebWithAutomate();
  api = createManagementApi();
  fabric = await createTestFabric(web.owner, "ours");
  token = await accessTokenOf(fabric.admin);
});

afterAll(() => web.stop());

type Headers = Record<string, string>;
type Answer = { status: number; message: string; fieldErrors: Record<string, string>; data: never };

/** Sends a request with exactly these headers. */
async function send(method: string, url: string, headers: Headers, payload?: string): Promise<Answer> {
  const answer = await api.inject({
    method: method as "GET",
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const isFile = answer.headers["content-disposition"] !== undefined;
  return {
    status: answer.statusCode,
    fieldErrors: {},
    ...(isFile ? { message: "", data: "" as never } : answer.json()),
  };
}

function call(method: string, url: string, body?: unknown): Promise<Answer> {
  const json: Headers = body === undefined ? {} : { "content-type": "application/json" };
  return send(
    method,
    url,
    { "x-auth-token": token, ...json },
    body === undefined ? undefined : JSON.stringify(body),
  );
}

const root = () => `/api/orchestration/fabric/${fabric.fabricId}`;
const unique = (label: string) => `${label}_${randomBytes(4).toString("hex")}`;
const text = (name: string) => ({ kind: "prophecy", subKind: "text", properties: { name, value: "v" } });

async function newSecret(subKind = "text", value: unknown = "v") {
  const name = unique("secret");
  const body = { kind: "prophecy", subKind, properties: { name, value } };
  const { data } = await call("POST", `${root()}/secret`, body);
  const { id } = data as { id: string };
  return { id, reference: { kind: "prophecy", subKind, type: "secret", properties: { id, name } } };
}

async function newConnection(kind: string, properties: object) {
  const body = { name: unique(kind), kind, isDefaultWarehouseConnection: false, properties };
  return {
    body,
    path: `${root()}/connection/name/${body.name}`,
    made: await call("POST", `${root()}/connection`, body),
  };
}

/** A connection of this kind with all its required secrets. */
async function exampleOf(kind: string): Promise<Record<string, unknown>> {
  const { properties, secrets } = examples[kind] ?? { properties: {}, secrets: {} };
  const references = await Promise.all(
    Object.entries(secrets).map(async ([field, value = ""]) => {
      if (typeof value === "string") return [field, (await newSecret()).reference] as const;
      if (value instanceof Uint8Array)
        return [field, (await newSecret("binary", Buffer.from("x").toString("base64"))).reference] as const;
      return [
        field,
        (await newSecret("clientId" in value ? "m2m_oauth" : "username_password", value)).reference,
      ] as const;
    }),
  );
  return { ...properties, ...Object.fromEntries(references) };
}

describe("the settings of the indexer", () => {
  const schedule = { cron: "0 0 18 ? * 1,3 *" };

  const others = ["mssql", "oracle", "redshift", "s3", "sharepoint"];
  test.each(["databricks", "sftp", "postgres", ...(process.env.RUN_LONG ? others : [])])(
    "of a %s connection come back as they were sent, and their secret is in use",
    async (kind) => {
      const indexer = await newSecret();
      const authProperties = {
        authType: "oauth",
        oAuthType: "m2m",
        clientId: "indexer",
        clientSecret: indexer.reference,
      };
      const kgConfig = { enabled: true, useConnectorAuth: false, kgSchedule: schedule, authProperties };
      const { body, path, made } = await newConnection(kind, { ...(await exampleOf(kind)), kgConfig });
      expect(made).toMatchObject({ status: 200, data: { properties: { kgConfig } } });
      const read = await call("GET", path);
      expect((read.data as { properties: object }).properties).toMatchObject({ kgConfig });
      const again = await call("PUT", path, read.data);
      expect(again).toMatchObject({ status: 200, data: { properties: { ...body.properties, kgConfig } } });
      const secret = `${root()}/secret/id/${indexer.id}`;
      expect((await call("GET", secret)).data).toMatchObject({ usedBy: 1 });
      expect((await call("DELETE", secret)).status).toBe(409);
      expect((await call("DELETE", path)).status).toBe(200);
      expect((await call("DELETE", secret)).status).toBe(200);
    },
  );

  test("of a user's sign-in come back too", async () => {
    const authProperties = { authType: "oauth", oAuthType: "u2m", oAuthAppRegistrationID: "7" };
    const { path } = await newConnection("postgres", {
      ...(await exampleOf("postgres")),
      kgConfig: { authProperties },
    });
    expect((await call("GET", path)).data).toMatchObject({ properties: { kgConfig: { authProperties } } });
  });

  test("stay when the connection is saved without them, and their secret stays in use", async () => {
    const indexer = await newSecret();
    const kgConfig = { authProperties: { oAuthType: "m2m", clientSecret: indexer.reference } };
    const properties = await exampleOf("postgres");
    const { body, path } = await newConnection("postgres", { ...properties, kgConfig });
    const saved = await call("PUT", path, { ...body, properties });
    expect(saved.data).toMatchObject({ properties: { kgConfig } });
    expect((await call("DELETE", `${root()}/secret/id/${indexer.id}`)).status).toBe(409);
  });

  test("accept only a reference to a Text secret of the fabric, and no unknown member", async () => {
    const properties = await exampleOf("postgres");
    const file = await newSecret("binary", "eA==");
    for (const [member, kgConfig] of [
      ["authProperties.clientSecret", { authProperties: { clientSecret: "typed" } }],
      ["authProperties.clientSecret", { authProperties: { clientSecret: file.reference } }],
      ["authProperties.password", { authProperties: { password: "typed" } }],
      ["kgSchedule.cron", { kgSchedule: { cron: 5 } }],
      ["schedule", { schedule }],
    ] as const) {
      const { made } = await newConnection("postgres", { ...properties, kgConfig });
      expect([made.status, Object.keys(made.fieldErrors)]).toEqual([400, [`properties.kgConfig.${member}`]]);
    }
  });
});

test("the description has the indexer's secret as a reference, and both headers of an access token", () => {
  const { security, components } = openApiDocument() as never as {
    security: object[];
    components: { schemas: Record<string, object>; securitySchemes: object };
  };
  expect(components.schemas.databricksProperties).toMatchObject({
    properties: {
      kgConfig: {
        properties: {
          authProperties: {
            properties: {
              clientSecret: { $ref: "#/components/schemas/SecretReference", title: "Client secret" },
            },
          },
        },
      },
    },
  });
  expect(security).toEqual([{ accessToken: [] }, { bearer: [] }]);
  expect(components.securitySchemes).toMatchObject({
    accessToken: { in: "header", name: "X-AUTH-TOKEN" },
    bearer: { type: "http", scheme: "bearer" },
  });
});

describe("a property that would be lost", () => {
  test("is refused by its name, unless it is empty", async () => {
    const properties = await exampleOf("bigquery");
    expect((await newConnection("bigquery", { ...properties, id: "" })).made.status).toBe(200);
    const { made } = await newConnection("bigquery", { ...properties, dataSet: "x" });
    expect([made.status, Object.keys(made.fieldErrors)]).toEqual([400, ["properties.dataSet"]]);
  });

  test("is refused when another property turns it off", async () => {
    const { reference } = await newSecret();
    const properties = { ...(await exampleOf("databricks")), authType: "pat", clientSecret: reference };
    const { made } = await newConnection("databricks", properties);
    expect(made.fieldErrors).toEqual({
      "properties.clientSecret": "Leave this out: it is used only if authType is oauth and oAuthType is m2m.",
    });
  });

  test("is refused in a secret", async () => {
    const login = { kind: "prophecy", subKind: "username_password" };
    const { id } = await newSecret("username_password", { username: "u", password: "p" });
    const put = (properties: object) => call("PUT", `${root()}/secret/id/${id}`, { ...login, properties });
    expect((await put({ vaule: { password: "q" } })).fieldErrors).toEqual({
      "properties.vaule": "This member is unknown.",
    });
    expect(Object.keys((await put({ value: { passwrod: "q" } })).fieldErrors)).toEqual([
      "properties.value.passwrod",
    ]);
  });

  test.each(Object.keys(connectors))("does not exist in an answer about a %s connection", async (kind) => {
    const { path, made } = await newConnection(kind, await exampleOf(kind));
    expect(made).toMatchObject({ status: 200 });
    const { data } = await call("GET", path);
    expect(await call("PUT", path, data)).toMatchObject({ status: 200 });
  });
});

test("an answer about a secret can be sent back", async () => {
  const { id } = await newSecret();
  const path = `${root()}/secret/id/${id}`;
  const { data } = await call("GET", path);
  expect((await call("PUT", path, data)).status).toBe(200);
  expect((await call("GET", path)).data).toMatchObject({ version: 1 });
});

describe("a Username & Password secret in the field of a password", () => {
  const login = () => newSecret("username_password", { username: "svc", password: "p" });
  const signIns = {
    postgres: ["username", "password"],
    smtp: ["smtpUsername", "smtpPassword"],
    salesforce: ["sfUser", "sfPassword"],
  } as const;
  const stored = (path: string) => call("GET", path) as Promise<{ data: { properties: object } }>;

  test.each(Object.entries(signIns))(
    "needs no user in a %s connection, and survives GET and PUT",
    async (kind, [user, password]) => {
      const { reference } = await login();
      const { [user]: own, ...others } = await exampleOf(kind);
      const { path, made } = await newConnection(kind, { ...others, [password]: reference });
      expect(made).toMatchObject({ status: 200 });
      const { data } = await stored(path);
      // The documented shape requires the user: it is an empty text, or the same reference.
      expect(data.properties).toMatchObject({
        [user]: typeof own === "string" ? "" : reference,
        [password]: reference,
      });
      expect(await call("PUT", path, data)).toMatchObject({
        status: 200,
        data: { properties: data.properties },
      });
      expect((await stored(path)).data.properties).toEqual(data.properties);
    },
  );

  test("keeps the user that a client sends, also when a save in the app leaves it out", async () => {
    const { reference } = await login();
    const properties = { ...(await exampleOf("postgres")), username: "etl", password: reference };
    const { body, path } = await newConnection("postgres", properties);
    const { data } = await stored(path);
    expect(data.properties).toMatchObject({ username: "etl", password: reference });
    expect(await call("PUT", path, data)).toMatchObject({ status: 200 });
    const { username: _, ...shown } = properties;
    await call("PUT", path, { ...body, properties: shown });
    expect((await stored(path)).data.properties).toMatchObject({ username: "etl" });
    // It is not who signs in, so editing it is no other configuration.
    const hashOf = async () =>
      (await web.owner.connection.findFirstOrThrow({ where: { name: body.name } })).configHash;
    const before = await hashOf();
    await call("PUT", path, { ...body, properties: { ...properties, username: "other" } });
    expect(await hashOf()).toBe(before);
  });

  test("leaves the user required with a Text secret, and is refused in another field", async () => {
    const { username: _, ...userless } = await exampleOf("postgres");
    const { reference } = await login();
    expect((await newConnection("postgres", userless)).made.fieldErrors).toEqual({
      "properties.username": "This field is required.",
    });
    const authority = { ...(await exampleOf("postgres")), tlsMode: "verify-full", caCertificate: reference };
    expect(Object.keys((await newConnection("postgres", authority)).made.fieldErrors)).toEqual([
      "properties.caCertificate",
    ]);
  });

  test("is described: the user is not required, and says when it is", () => {
    const { components } = openApiDocument() as never as {
      components: { schemas: Record<string, { required: string[]; properties: Record<string, object> }> };
    };
    const { required, properties } = components.schemas.postgresProperties ?? {
      required: [],
      properties: {},
    };
    expect(required).toEqual(["server", "database", "password"]);
    expect(properties.username).toMatchObject({
      description: "Required unless the secret of `password` gives the username. It is not used then.",
    });
  });
});

describe("an empty optional text", () => {
  test("counts as absent in every kind of connection", async () => {
    for (const { kind, fields } of Object.values(connectors)) {
      const properties = await exampleOf(kind);
      const empty = Object.keys(fields.shape).filter((field) => !(field in properties));
      const all = { ...Object.fromEntries(empty.map((field) => [field, ""])), ...properties };
      const { made, body } = await newConnection(kind, all);
      expect([kind, made]).toMatchObject([kind, { status: 200 }]);
      const stored = await web.owner.connection.findFirstOrThrow({ where: { name: body.name } });
      expect(Object.values(stored.properties as object), kind).not.toContain("");
    }
  });

  test("counts as absent in a secret", async () => {
    const client = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example.com/token", scope: "" };
    const { id } = await newSecret("m2m_oauth", client);
    const fields = await web.owner.secretField.findMany({ where: { secretId: id }, select: { field: true } });
    expect(fields.map(({ field }) => field).sort()).toEqual(["authUrl", "clientId", "clientSecret"]);
    const name = unique("file");
    const file = { kind: "prophecy", subKind: "binary", properties: { name, value: "eA==", fileName: "" } };
    expect((await call("POST", `${root()}/secret`, file)).status).toBe(200);
    // A value is never optional when it is sent: an empty one is a mistake of the script.
    const emptied = { ...text(name), properties: { name, value: "" } };
    expect((await call("POST", `${root()}/secret`, emptied)).status).toBe(400);
  });

  test("counts as absent in a query", async () => {
    expect((await call("GET", `${root()}/secret?search=&limit=&after=&type=`)).status).toBe(200);
  });

  test("names Tableau's Default site", async () => {
    const { path, made } = await newConnection("tableau", { ...(await exampleOf("tableau")), siteName: "" });
    expect(made.status).toBe(200);
    expect((await call("GET", path)).data).toMatchObject({ properties: { siteName: "" } });
  });
});

describe("the content type", () => {
  const post = (type: Headers, payload: string, auth: Headers = { "x-auth-token": token }) =>
    send("POST", `${root()}/secret`, { ...auth, ...type }, payload);
  const form = { "content-type": "application/x-www-form-urlencoded" };

  test("may be missing, or that of curl, for a body of JSON", async () => {
    for (const type of [{}, form, { "content-type": "" }])
      expect((await post(type, JSON.stringify(text(unique("typed"))))).status).toBe(200);
  });

  test("gets a clear answer for a body of anything else", async () => {
    expect(await post(form, "name=x&value=y")).toMatchObject({
      status: 415,
      message: expect.stringContaining("Send the body as JSON"),
    });
    expect(await post({}, "name=x")).toMatchObject({
      status: 400,
      message: expect.stringContaining("not valid JSON"),
    });
    expect((await post({ "content-type": "text/plain" }, JSON.stringify(text(unique("plain"))))).status).toBe(
      415,
    );
  });

  test("opens nothing for another site: cookies never authenticate", async () => {
    const name = unique("forged");
    const cookie = `authjs.session-token=${token}; x-auth-token=${token}`;
    expect((await post(form, JSON.stringify(text(name)), { cookie })).status).toBe(401);
    expect(await web.owner.secret.count({ where: { name } })).toBe(0);
  });
});

describe("Authorization: Bearer", () => {
  test("carries an access token as X-AUTH-TOKEN does, and audit records the same", async () => {
    const made: string[] = [];
    for (const headers of [{ "x-auth-token": token }, { authorization: `Bearer ${token}` }]) {
      const json = { ...headers, "content-type": "application/json" };
      const { data } = await send("POST", `${root()}/secret`, json, JSON.stringify(text(unique("by"))));
      made.push((data as { id: string }).id);
    }
    const events = await web.owner.auditEvent.findMany({
      where: { objectId: { in: made }, action: "secret.create" },
      select: { actorKind: true, actorId: true, details: true },
    });
    expect(events.length).toBe(2);
    expect(events[0]).toEqual(events[1]);
  });

  test("is refused as X-AUTH-TOKEN is", async () => {
    const refused = await send("GET", `${root()}/secret`, { "x-auth-token": "svu_wrong" });
    for (const authorization of ["Bearer svu_wrong", "Bearer", `Basic ${token}`, token])
      expect(await send("GET", `${root()}/secret`, { authorization })).toEqual(refused);
    expect(refused.status).toBe(401);
  });

  test("may stand beside the same token, and beside no other", async () => {
    const get = (authorization: string, own = token) =>
      send("GET", `${root()}/secret`, { "x-auth-token": own, authorization });
    expect((await get(`bearer ${token}`)).status).toBe(200);
    expect((await get(`Bearer ${token}`, "")).status).toBe(200);
    // A proxy's own sign-in is no access token.
    expect((await get("Basic dTpw")).status).toBe(200);
    expect(await get(`Bearer ${await accessTokenOf(fabric.admin)}`)).toMatchObject({
      status: 401,
      message: expect.stringContaining("different access tokens"),
    });
  });
});

test("a port is accepted as text and as a number, and stored as documented", async () => {
  for (const [kind, field, sent, stored] of [
    ["postgres", "port", 5433, "5433"],
    ["postgres", "port", "5433", "5433"],
    ["sftp", "port", "2222", 2222],
    ["smtp", "smtpPort", "2525", 2525],
  ] as const) {
    const { made } = await newConnection(kind, { ...(await exampleOf(kind)), [field]: sent });
    expect(made).toMatchObject({ status: 200, data: { properties: { [field]: stored } } });
  }
  for (const port of [0, 65_536, 1.5, "65536", "ssh", true, ["22"]])
    for (const kind of ["postgres", "sftp"]) {
      const { made } = await newConnection(kind, { ...(await exampleOf(kind)), port });
      expect(made.fieldErrors).toEqual({ "properties.port": "Enter a port from 1 to 65535." });
    }
});

test("a sign-in by a person is refused with what to use instead", async () => {
  const databricks = { ...(await exampleOf("databricks")), token: "", authType: "oauth", oAuthType: "u2m" };
  expect((await newConnection("databricks", databricks)).made.fieldErrors).toEqual({
    "properties.oAuthType": expect.stringContaining("use m2m with the client ID and client secret"),
  });
  const bigquery = { ...(await exampleOf("bigquery")), serviceAccountKey: "", authType: "oauth" };
  expect((await newConnection("bigquery", bigquery)).made.fieldErrors).toEqual({
    "properties.authType": expect.stringContaining("use private_key with a service account key"),
  });
});

describe("an error text is our own", () => {
  /** Sentences of zod, in its English. */
  const stock =
    /Invalid |expected |received |Too (big|small)|Unrecognized|must (match|be a multiple)|Required$/;
  const wrong = [1e300, true, "x".repeat(5000), {}, [], null];

  /** The paths of all members of a body, of every form that it may have; a path that several forms share, once. */
  function pathsIn(schema: object): string[][] {
    const walk = (part: object, path: string[]): string[][] => {
      const { properties = {}, oneOf = [], anyOf = [] } = part as Record<string, never>;
      const own = Object.entries(properties as Record<string, object>).flatMap(([name, member]) => [
        [...path, name],
        ...walk(member, [...path, name]),
      ]);
      return [...own, ...[...(oneOf as object[]), ...(anyOf as object[])].flatMap((one) => walk(one, path))];
    };
    return [...new Map(walk(schema, []).map((path) => [path.join("."), path])).values()];
  }

  function put(body: unknown, [name = "", ...rest]: string[], value: unknown): object {
    const { [name]: former, ...others } = { ...(body as Record<string, unknown>) };
    const next = rest.length === 0 ? value : put(former, rest, value);
    return next === undefined ? others : { ...others, [name]: next };
  }

  const otherTypes = [{ subKind: "m2m_oauth" }, { subKind: "binary" }];
  const filled = (path: string) =>
    path
      .replace("{fabricId}", fabric.fabricId)
      .replace("{teamId}", fabric.teamId)
      .replace(/\{\w+\}/, "none");

  async function refusals(method: string, path: string, body?: unknown): Promise<string[]> {
    const { status, fieldErrors, message } = await call(method, path, body);
    return status === 400 ? [message, ...Object.values(fieldErrors)] : [];
  }

  test.each(operations.filter(({ body }) => body).map((operation) => [operation.id, operation] as const))(
    "for every member of %s",
    async (_, { method, path, body, example }) => {
      if (!body) return;
      const texts: string[] = [];
      for (const value of [undefined, ...wrong]) {
        texts.push(...(await refusals(method, filled(path), value ?? {})));
        for (const member of pathsIn(schemaOf(body, "input")))
          for (const base of [example, ...(path.endsWith("/secret") ? otherTypes : [])])
            texts.push(...(await refusals(method, filled(path), put(base, member, value))));
      }
      expect(texts.length).toBeGreaterThan(0);
      expect(texts.filter((one) => stock.test(one))).toEqual([]);
    },
  );

  test.each(Object.keys(connectors))("for every property of a %s connection", async (kind) => {
    const { fields } = connectors[kind as keyof typeof connectors];
    // The unknown property keeps each of these from being stored.
    const good = { ...(await exampleOf(kind)), other: 1 };
    const texts: string[] = [];
    const members = pathsIn(schemaOf(fields, "input"));
    for (const member of members)
      for (const value of [undefined, ...wrong]) {
        // The API reads properties with this, after the request itself.
        const read = readProperties(kind, put(good, member, value) as Record<string, unknown>);
        if (!read.ok) texts.push(...Object.values(read.fieldErrors ?? {}));
      }
    expect(texts.length).toBeGreaterThan(members.length);
    const properties = put(good, members.at(-1) ?? [], {});
    texts.push(...(await refusals("POST", `${root()}/connection`, { name: unique(kind), kind, properties })));
    expect(texts.filter((one) => stock.test(one))).toEqual([]);
  });

  test("for every parameter of a query", async () => {
    const texts: string[] = [];
    for (const { method, path, query } of operations)
      for (const [name] of query ? pathsIn(schemaOf(query)) : [])
        for (const value of ["x".repeat(3000), "-1", "~"])
          texts.push(...(await refusals(method, `${filled(path)}?${name}=${value}`)));
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter((one) => stock.test(one))).toEqual([]);
  });
});
