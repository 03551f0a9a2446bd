import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { waitForCheck } from "@/lib/connections/check";
import { createConnection, updateConnection } from "@/lib/connections/mutations";
import type { CheckInput } from "@/lib/connections/schema";
import type { Db } from "@/lib/db/client";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";
import { createSecret } from "@/lib/secrets/mutations";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { replaceSecret } from "@/lib/secrets/update";
import { applyDataSteps } from "@/prisma/migrate/data-steps";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { type Listening, listen } from "@/testing/servers/listening";
import { createSshKey, startSftpServer } from "@/testing/servers/sftp-server";
import { accessTokenOf, startWebWithAutomate } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";

// Attacks of a User on another person's secret, through every entry point of web, with the shipped automate.

const stolen = "canary-5d1f8e0c";
let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let owner: Db;
let fabric: TestFabric;
let ownerUrl: string;
let automateUrl: string;
let api: ReturnType<typeof createManagementApi>;
const tokens = { admin: "", user: "", pipeline: "" };
/** The team's token server, and an attacker's; each records the requests it receives. */
let [idp, theirs]: [Recording, Recording] = [undefined as never, undefined as never];
type Recording = Listening & { received: string[] };
/** An API that hangs up at the first byte, so that a whole check fails there. */
let mute: Listening;

beforeAll(async () => {
  web = await startWebWithAutomate();
  ({ owner, automateUrl } = web);
  ownerUrl = web.urls.ownerUrl;
  api = createManagementApi();
  fabric = await createTestFabric(owner, "ours");
  for (const role of ["admin", "user"] as const) tokens[role] = await accessTokenOf(fabric[role]);
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  tokens.pipeline = token;
  [idp, theirs] = [await recordingServer(), await recordingServer()];
  mute = await listen(
    createTcpServer((socket) => socket.on("error", () => {}).on("data", () => socket.destroy())),
  );
});

afterEach(() => owner.destinationRule.deleteMany());

afterAll(async () => {
  await Promise.all([idp.close(), theirs.close(), mute.close()]);
  await web.stop();
});

async function recordingServer(): Promise<Recording> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      received.push(`${request.headers.authorization ?? ""} ${body}`);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: "issued", token_type: "bearer", expires_in: 60 }));
    });
  });
  return Object.assign(await listen(server), { received });
}

const setRule = (rule: DestinationRule) =>
  owner.destinationRule.create({ data: { fabricId: fabric.fabricId, rule, updatedByName: "x" } });

async function call(role: "admin" | "user", method: "POST" | "PUT", path: string, payload: object) {
  const answer = await api.inject({
    method,
    url: `/api/orchestration/fabric/${fabric.fabricId}/${path}`,
    headers: { "x-auth-token": tokens[role] },
    payload,
  });
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.payload}`);
  return answer.json().data;
}

let count = 0;
const unique = (what: string) => {
  count += 1;
  return `${what}_${count}`;
};

async function pipeline(path: string, method = "GET", headers = {}) {
  const response = await fetch(new URL(path, automateUrl), {
    method,
    headers: { authorization: `Bearer ${tokens.pipeline}`, ...headers },
  });
  const text = await response.text();
  return { status: response.status, text, json: text ? JSON.parse(text) : {}, headers: response.headers };
}

const eventsOf = async (action: string, objectId: string) =>
  (await owner.auditEvent.findMany({ where: { action, objectId }, orderBy: { id: "asc" } })).map(
    ({ actorName, details }) => ({ actorName, ...(details as Record<string, unknown>) }),
  );

type Person = "admin" | "user";

/** A secret that a person enters in the app. */
async function enter(role: Person, value: Pick<CreateSecretInput, "subKind" | "fields">) {
  const input = { ...value, name: unique(value.subKind), description: "" } as CreateSecretInput;
  const created = await createSecret(fabric.scope(role, "secret:write"), input);
  if (!created.ok) throw new Error(created.code);
  return { id: created.value.id, name: input.name };
}

/** A connection that a person saves in the app. */
async function connect(role: Person, kind: string, properties: Record<string, unknown>) {
  const name = unique("connection");
  const scope = fabric.scope(role, "connection:write");
  const created = await createConnection(scope, { name, kind, description: "", properties });
  if (!created.ok) throw new Error(created.code);
  return { id: created.value.id, name, read: () => pipeline(`/v1/connections/${name}`) };
}

const database = (password: { id: string }, authority?: { id: string }, server = "db.test.example") => ({
  server,
  port: "5432",
  database: "orders",
  username: "reader",
  password: password.id,
  ...(authority ? { tlsMode: "verify-full", caCertificate: authority.id } : {}),
});

describe("the token server of an M2M OAuth secret", () => {
  const urlOf = ({ port }: Listening) => `http://127.0.0.1:${port}/token`;
  const destinationOf = ({ port }: Listening) => `oauth-token://127.0.0.1:${port}`;

  async function addClient(role: "admin" | "user" = "admin") {
    const name = unique("crm");
    const value = { clientId: "c", clientSecret: stolen, authUrl: urlOf(idp) };
    const { id } = await call(role, "POST", "secret", {
      kind: "prophecy",
      subKind: "m2m_oauth",
      properties: { name, value },
    });
    return { id: String(id), name };
  }
  const buy = (name: string) => pipeline(`/v1/secrets/${name}/token`, "POST");

  const doors: [string, (id: string) => Promise<unknown>][] = [
    [
      "the documented PUT",
      (id) =>
        call("user", "PUT", `secret/id/${id}`, {
          kind: "prophecy",
          subKind: "m2m_oauth",
          properties: { value: { authUrl: urlOf(theirs) } },
        }),
    ],
    [
      "the form's action",
      (secretId) =>
        replaceSecret(fabric.scope("user", "secret:write"), {
          secretId,
          subKind: "m2m_oauth",
          expectedVersion: 1,
          destinationIds: [],
          fields: { authUrl: urlOf(theirs) },
        }),
    ],
  ];

  test.each(doors)(
    "does not become a User's destination when only the Auth URL is replaced, with %s",
    async (_door, replace) => {
      await setRule("locked");
      const { id, name } = await addClient();
      expect((await buy(name)).json).toMatchObject({ access_token: "issued", version: 1 });
      await replace(id);
      const refused = await buy(name);
      expect(refused).toMatchObject({ status: 409, json: { error: { code: "destination_not_allowed" } } });
      expect(refused.json.error.message).toContain(name);
      expect(refused.json.error.message).toContain(`127.0.0.1:${theirs.port}`);
      expect(refused.json.error.message).toContain(
        `an Admin of the team can allow it on the page of secret “${name}”`,
      );
      expect(refused.text).not.toContain(stolen);
      expect(theirs.received).toEqual([]);
      expect(await eventsOf("secret.refuse", id)).toMatchObject([
        { actorName: "nightly", code: "destination_not_allowed", destination: [destinationOf(theirs)] },
      ]);
    },
  );

  test("is allowed once, on record, for the author of the whole secret, also in a locked fabric", async () => {
    await setRule("locked");
    const { id, name } = await addClient("user");
    expect((await buy(name)).status).toBe(200);
    expect((await buy(name)).status).toBe(200);
    expect(await eventsOf("destination.allow", id)).toMatchObject([
      { actorName: fabric.user.name, destination: [destinationOf(idp)], version: 1 },
    ]);
    expect(await eventsOf("secret.token", id)).toMatchObject([
      { destination: [destinationOf(idp)] },
      { destination: [destinationOf(idp)] },
    ]);
    expect(await eventsOf("secret.use", id)).toMatchObject([{ destination: [destinationOf(idp)] }]);
    // A destination that an Admin removed stays removed.
    await owner.allowedDestination.deleteMany({ where: { secretId: id } });
    expect((await buy(name)).status).toBe(409);
  });
});

describe("a saved connection", () => {
  const host = "db.test.example";

  async function addConnection(rule?: DestinationRule) {
    const [name, secret] = [unique("orders"), unique("password")];
    const { id } = await call("admin", "POST", "secret", {
      kind: "prophecy",
      subKind: "text",
      properties: { name: secret, value: stolen },
    });
    const body = (server: string, port = "5432") => ({
      name,
      kind: "postgres",
      isDefaultWarehouseConnection: false,
      properties: {
        server,
        port,
        database: "orders",
        username: "reader",
        password: { kind: "prophecy", subKind: "text", type: "secret", properties: { id, name: secret } },
      },
    });
    await call("admin", "POST", "connection", body(host));
    if (rule) await setRule(rule);
    const row = await owner.connection.findFirstOrThrow({ where: { name } });
    return {
      id: row.id,
      name,
      secretId: String(id),
      /** The documented PUT. */
      pointAt: (role: "admin" | "user", server: string, port?: string) =>
        call(role, "PUT", `connection/name/${name}`, body(server, port)),
      /** The form's action. */
      save: (role: "admin" | "user", server: string, port?: string) =>
        updateConnection(fabric.scope(role, "connection:write"), {
          connectionId: row.id,
          name,
          description: "",
          properties: { ...body(server, port).properties, password: String(id) },
        }),
      read: (headers = {}) => pipeline(`/v1/connections/${name}`, "GET", headers),
    };
  }

  test.each(["ask", "locked"] as const)(
    "that a User points elsewhere gives a pipeline no secret, where the rule is %s",
    async (rule) => {
      const connection = await addConnection(rule);
      const first = await connection.read();
      expect(first).toMatchObject({ status: 200, json: { properties: { server: host, password: stolen } } });
      for (const write of [connection.pointAt, connection.save]) {
        await write("user", "127.0.0.1");
        const refused = await connection.read();
        expect(refused).toMatchObject({ status: 409, json: { error: { code: "destination_not_allowed" } } });
        expect(refused.json.error.message).toContain(connection.name);
        expect(refused.json.error.message).toContain("127.0.0.1:5432");
        expect(refused.json.error.message).toMatch(
          /open connection .* and choose Check: an Admin of the team can allow/,
        );
        expect(refused.text).not.toContain(stolen);
        await connection.save("user", host);
        expect((await connection.read()).status).toBe(200);
      }
      expect((await eventsOf("connection.refuse", connection.id))[0]).toMatchObject({
        actorName: "nightly",
        code: "destination_not_allowed",
        destination: ["postgres://127.0.0.1:5432?tls=verify-full"],
      });
    },
  );

  test("that waits for approval does not answer 304 either", async () => {
    const connection = await addConnection();
    await connection.save("user", "127.0.0.1");
    const { id, configHash, updatedAt } = await owner.connection.findUniqueOrThrow({
      where: { id: connection.id },
    });
    await setRule("open");
    const { headers } = await connection.read();
    const etag = headers.get("etag") ?? "";
    expect(etag).toContain(id);
    await owner.destinationRule.deleteMany();
    await owner.allowedDestination.deleteMany({ where: { destination: { contains: "127.0.0.1" } } });
    expect((await connection.read({ "if-none-match": etag })).status).toBe(409);
    expect(await owner.connection.count({ where: { id, configHash, updatedAt } })).toBe(1);
  });

  test("is allowed and recorded where the rule is open", async () => {
    const connection = await addConnection("open");
    await connection.save("user", "127.0.0.1");
    expect((await connection.read()).json).toMatchObject({ properties: { server: "127.0.0.1" } });
    expect((await eventsOf("destination.allow", connection.secretId)).at(-1)).toMatchObject({
      destination: ["postgres://127.0.0.1:5432?tls=verify-full"],
      reason: "open",
    });
    expect((await eventsOf("secret.use", connection.secretId)).at(-1)).toMatchObject({
      connection: connection.name,
      destination: ["postgres://127.0.0.1:5432?tls=verify-full"],
    });
  });

  test("that waited is allowed and recorded by the next read after the rule opens", async () => {
    const connection = await addConnection();
    await connection.save("user", "127.0.0.1");
    expect((await connection.read()).status).toBe(409);
    await setRule("open");
    expect((await connection.read()).status).toBe(200);
    expect((await eventsOf("destination.allow", connection.secretId)).at(-1)).toMatchObject({
      actorName: "nightly",
      destination: ["postgres://127.0.0.1:5432?tls=verify-full"],
      reason: "open",
    });
  });

  test("may go to a destination that the value's author sets, but not to one that a colleague set", async () => {
    const connection = await addConnection();
    await connection.pointAt("user", "127.0.0.1");
    // The author edits another field: the destination is still the colleague's.
    await owner.connection.update({ where: { id: connection.id }, data: { description: "" } });
    await connection.save("admin", "127.0.0.1");
    expect((await connection.read()).status).toBe(409);
    // Editing the port does not make it the author's either.
    await connection.save("admin", "127.0.0.1", "5433");
    expect((await connection.read()).status).toBe(409);
    await connection.save("admin", "db2.test.example");
    expect((await connection.read()).status).toBe(200);
  });

  test("does not send another secret to a host that a colleague set with a secret of theirs", async () => {
    const own = await enter("admin", { subKind: "text", fields: { value: stolen } });
    const another = await enter("admin", { subKind: "text", fields: { value: stolen } });
    const lure = await enter("user", { subKind: "text", fields: { value: "lure" } });
    const connection = await connect("admin", "postgres", database(own));
    const save = (role: Person, properties: Record<string, unknown>) =>
      updateConnection(fabric.scope(role, "connection:write"), {
        connectionId: connection.id,
        name: connection.name,
        description: "",
        properties,
      });
    // At the host that she set herself, she may pick another secret.
    await save("admin", database(another));
    expect((await connection.read()).status).toBe(200);
    await save("user", database(lure, undefined, "theirs.test.example"));
    expect((await connection.read()).status).toBe(200);
    await save("admin", database(own, undefined, "theirs.test.example"));
    expect((await connection.read()).status).toBe(409);
  });

  test("does not send a secret to a host that a colleague set without one", async () => {
    const own = await enter("admin", { subKind: "text", fields: { value: stolen } });
    const connection = await connect("user", "restapi", { baseUrl: "https://theirs.test.example" });
    const save = (role: Person, properties: Record<string, unknown>) =>
      updateConnection(fabric.scope(role, "connection:write"), {
        connectionId: connection.id,
        name: connection.name,
        description: "",
        properties,
      });
    const withToken = (baseUrl: string) => ({ baseUrl, authType: "bearer", bearerToken: own.id });
    await save("admin", withToken("https://theirs.test.example"));
    expect((await connection.read()).status).toBe(409);
    await save("admin", withToken("https://api.test.example"));
    expect((await connection.read()).status).toBe(200);
  });

  test("gives out no secret while a User edits it again and again", async () => {
    const password = await enter("admin", { subKind: "text", fields: { value: stolen } });
    const connection = await connect("admin", "postgres", database(password));
    const save = (server: string) =>
      updateConnection(fabric.scope("user", "connection:write"), {
        connectionId: connection.id,
        name: connection.name,
        description: "",
        properties: database(password, undefined, server),
      });
    const runs = Array.from({ length: 12 }, (_, i) =>
      Promise.all([connection.read(), save(i % 2 === 0 ? "theirs.test.example" : "db.test.example")]),
    );
    const answers = (await Promise.all(runs)).map(([answer]) => answer.text);
    expect(answers.filter((text) => text.includes("theirs") && text.includes(stolen))).toEqual([]);
  });

  test("made by an access token sends values that the token entered within ten minutes; a second one does not", async () => {
    const connection = await addConnection();
    expect((await connection.read()).status).toBe(200);
    expect(await eventsOf("destination.allow", connection.secretId)).toMatchObject([
      {
        accessToken: "scripts",
        connection: connection.name,
        destination: [`postgres://${host}:5432?tls=verify-full`],
      },
    ]);
    await connection.pointAt("admin", "db2.test.example");
    expect((await connection.read()).status).toBe(409);
    const second = unique("second");
    const reference = await owner.secret.findUniqueOrThrow({
      where: { id: connection.secretId },
      select: { id: true, name: true },
    });
    await call("admin", "POST", "connection", {
      name: second,
      kind: "restapi",
      properties: {
        baseUrl: "https://api.test.example",
        authType: "bearer",
        bearerToken: { kind: "prophecy", subKind: "text", type: "secret", properties: reference },
      },
    });
    expect((await pipeline(`/v1/connections/${second}`)).status).toBe(409);
  });

  test("records the changed fields and the old and new host", async () => {
    const connection = await addConnection();
    await connection.pointAt("user", "127.0.0.1");
    expect(await eventsOf("connection.update", connection.id)).toMatchObject([
      { fields: ["server"], fromHost: `${host}:5432`, toHost: "127.0.0.1:5432" },
    ]);
  });
});

describe("a replaced value", () => {
  async function addLogin() {
    const name = unique("login");
    const properties = { name, value: { username: "u", password: stolen } };
    const { id } = await call("admin", "POST", "secret", {
      kind: "prophecy",
      subKind: "username_password",
      properties,
    });
    const body = {
      name: unique("api"),
      kind: "restapi",
      isDefaultWarehouseConnection: false,
      properties: {
        baseUrl: "https://api.test.example",
        authType: "basic",
        basicCredential: {
          kind: "prophecy",
          subKind: "username_password",
          type: "secret",
          properties: { id, name },
        },
      },
    };
    await call("admin", "POST", "connection", body);
    return {
      replace: (role: "admin" | "user", value: object) =>
        call(role, "PUT", `secret/id/${id}`, {
          kind: "prophecy",
          subKind: "username_password",
          properties: { value },
        }),
      read: async () => (await pipeline(`/v1/connections/${body.name}`)).status,
    };
  }

  test("keeps its destinations when the documented PUT replaces all of it; a colleague's partial replacement keeps none", async () => {
    const login = await addLogin();
    expect(await login.read()).toBe(200);
    await login.replace("user", { username: "u2", password: "p2" });
    expect(await login.read()).toBe(200);
    await login.replace("user", { password: "p3" });
    expect(await login.read()).toBe(200);
    await login.replace("admin", { username: "u4" });
    expect(await login.read()).toBe(409);
  });
});

describe("a destination that a colleague allowed for their own value", () => {
  const theirHost = "theirs.test.example";
  /** Destinations of the current value. */
  const destinationsOf = async (secretId: string) => {
    const { version } = await owner.secretVersion.findFirstOrThrow({
      where: { secretId },
      orderBy: { version: "desc" },
    });
    const rows = await owner.allowedDestination.findMany({ where: { secretId, version } });
    return rows.map(({ destination }) => destination).sort();
  };

  /** The User enters their own value, and saves a connection that sends it to their own host. */
  async function replacedByUser(secretId: string) {
    await call("user", "PUT", `secret/id/${secretId}`, {
      kind: "prophecy",
      subKind: "text",
      properties: { value: "of the User" },
    });
    const scope = fabric.scope("user", "connection:write");
    const created = await createConnection(scope, {
      name: unique("theirs"),
      kind: "restapi",
      description: "",
      properties: { baseUrl: `https://${theirHost}`, authType: "bearer", bearerToken: secretId },
    });
    if (!created.ok) throw new Error(created.code);
    expect(await destinationsOf(secretId)).toContain(`https://${theirHost}:443`);
    return created.value.id;
  }

  const putText = (id: string, value: string) =>
    call("admin", "PUT", `secret/id/${id}`, { kind: "prophecy", subKind: "text", properties: { value } });

  test("does not receive the next value, which its author enters by the documented PUT", async () => {
    const { id } = await enter("admin", { subKind: "text", fields: { value: "first" } });
    const properties = { baseUrl: "https://api.test.example", authType: "bearer", bearerToken: id };
    await connect("admin", "restapi", properties);
    await replacedByUser(id);
    await putText(id, stolen);
    expect(await destinationsOf(id)).toEqual(["https://api.test.example:443"]);
  });

  test("receives the next value of a secret that the colleague created", async () => {
    const { id } = await enter("user", { subKind: "text", fields: { value: "first" } });
    await replacedByUser(id);
    await putText(id, "next");
    expect(await destinationsOf(id)).toEqual([`https://${theirHost}:443`]);
  });

  describe("beside an inline value", () => {
    const key = createSshKey().private;
    const inline = Buffer.from(key).toString("base64");
    const body = (name: string, privateKey: unknown) => ({
      name,
      kind: "sftp",
      isDefaultWarehouseConnection: false,
      properties: {
        host: "files.test.example",
        port: 22,
        username: "u",
        authMethod: "private_key",
        hostKeyFingerprint: `SHA256:${"a".repeat(43)}`,
        privateKey,
      },
    });
    const secretOf = async (name: string) =>
      (await owner.connectionSecret.findFirstOrThrow({ where: { connection: { name } } })).secretId;

    /** The Admin's connection, with a key inline. */
    async function addFiles() {
      const name = unique("files");
      await call("admin", "POST", "connection", body(name, inline));
      return { name, secretId: await secretOf(name) };
    }

    test("does not receive the next value, which its author enters with the connection", async () => {
      const { name, secretId } = await addFiles();
      const before = await destinationsOf(secretId);
      // Without their connection only one connection uses the secret, so the PUT replaces its value in place.
      await owner.connection.delete({ where: { id: await replacedByUser(secretId) } });
      await call("admin", "PUT", `connection/name/${name}`, body(name, inline));
      expect(await secretOf(name)).toBe(secretId);
      // The first use applies what the new version keeps.
      expect((await pipeline(`/v1/connections/${name}`)).status).toBe(200);
      expect(before).toHaveLength(1);
      expect(await destinationsOf(secretId)).toEqual(before);
    });

    test("does not receive the next value by a secret of theirs that they put into the connection", async () => {
      const { name } = await addFiles();
      const { id, name: theirName } = await enter("user", { subKind: "text", fields: { value: key } });
      await owner.connection.delete({ where: { id: await replacedByUser(id) } });
      const properties = { id, name: theirName };
      const reference = { kind: "prophecy", subKind: "text", type: "secret", properties };
      await call("user", "PUT", `connection/name/${name}`, body(name, reference));
      await call("admin", "PUT", `connection/name/${name}`, body(name, inline));
      await pipeline(`/v1/connections/${name}`);
      expect(await destinationsOf(await secretOf(name))).not.toContain(`https://${theirHost}:443`);
    });
  });
});

describe("a stolen access token", () => {
  const replaceBy = (token: Person, id: string, subKind: string, value: unknown) =>
    call(token, "PUT", `secret/id/${id}`, { kind: "prophecy", subKind, properties: { value } });

  test("does not obtain the fields that its owner entered, by replacing another field", async () => {
    const secret = await enter("user", {
      subKind: "username_password",
      fields: { username: "u", password: stolen },
    });
    const properties = (baseUrl: string, basicCredential: unknown) => ({
      baseUrl,
      authType: "basic",
      basicCredential,
    });
    const connection = await connect("user", "restapi", properties("https://api.test.example", secret.id));
    await replaceBy("user", secret.id, "username_password", { username: "x" });
    expect((await connection.read()).status).toBe(200);
    const reference = { kind: "prophecy", subKind: "username_password", type: "secret", properties: secret };
    await call("user", "PUT", `connection/name/${connection.name}`, {
      name: connection.name,
      kind: "restapi",
      isDefaultWarehouseConnection: false,
      properties: properties("https://theirs.test.example", reference),
    });
    expect(await connection.read()).toMatchObject({
      status: 409,
      json: { error: { code: "destination_not_allowed" } },
    });
  });

  test("does not obtain a client secret that its owner entered, by replacing the Auth URL", async () => {
    await setRule("locked");
    const [authUrl, elsewhere] = [idp, theirs].map(({ port }) => `http://127.0.0.1:${port}/token`);
    const fields = { clientId: "c", clientSecret: stolen, authUrl: authUrl ?? "" };
    const { id, name } = await enter("user", { subKind: "m2m_oauth", fields });
    const buy = () => pipeline(`/v1/secrets/${name}/token`, "POST");
    expect((await buy()).status).toBe(200);
    await replaceBy("user", id, "m2m_oauth", { authUrl: elsewhere });
    expect(await buy()).toMatchObject({ status: 409, json: { error: { code: "destination_not_allowed" } } });
    expect(theirs.received).toEqual([]);
    // A secret that the token enters whole is the token's own.
    await replaceBy("user", id, "m2m_oauth", { ...fields, clientSecret: "new" });
    expect((await buy()).status).toBe(200);
  });

  test("does not obtain a value that another token of the same name entered", async () => {
    const headers = { "x-auth-token": await accessTokenOf(fabric.user) };
    const url = `/api/orchestration/fabric/${fabric.fabricId}/secret`;
    const properties = { name: unique("text"), value: stolen };
    const payload = { kind: "prophecy", subKind: "text", properties };
    const { id } = (await api.inject({ method: "POST", url, headers, payload })).json().data;
    const name = unique("connection");
    await call("user", "POST", "connection", {
      name,
      kind: "restapi",
      properties: {
        baseUrl: "https://theirs.test.example",
        authType: "bearer",
        bearerToken: {
          kind: "prophecy",
          subKind: "text",
          type: "secret",
          properties: { id, name: properties.name },
        },
      },
    });
    expect(await pipeline(`/v1/connections/${name}`)).toMatchObject({
      status: 409,
      json: { error: { code: "destination_not_allowed" } },
    });
  });

  test("does not impersonate a server, by replacing its owner's certificate authority", async () => {
    const authority = await enter("user", { subKind: "text", fields: { value: "authority" } });
    const [password, own] = [
      await enter("admin", { subKind: "text", fields: { value: stolen } }),
      await enter("user", { subKind: "text", fields: { value: "own" } }),
    ];
    const connection = await connect("admin", "postgres", database(password, authority));
    await connect("user", "postgres", database(own, authority));
    expect((await connection.read()).status).toBe(200);
    await replaceBy("user", authority.id, "text", "theirs");
    expect((await connection.read()).status).toBe(409);
  });
});

describe("a secret that only signs at a destination", () => {
  test("is not sent there itself when a colleague uses an SFTP private key as a password", async () => {
    const pair = createSshKey();
    const server = await startSftpServer({ users: { ana: { publicKey: pair.public }, bob: {} } });
    const key = await enter("admin", { subKind: "text", fields: { value: pair.private } });
    const endpoint = { host: "127.0.0.1", port: server.port, hostKeyFingerprint: server.fingerprint };
    const bySignature = { ...endpoint, username: "ana", authMethod: "private_key", privateKey: key.id };
    const inClear = { ...endpoint, username: "bob", authMethod: "password", password: key.id };
    const check = async (properties: Record<string, unknown>) => {
      const input = { kind: "sftp", name: "files", properties, isConfirmed: true };
      const done = await waitForCheck(
        fabric.scope("user", "connection:check"),
        input,
        AbortSignal.timeout(20_000),
      );
      return done.ok ? done.value.result : done;
    };
    const connection = await connect("admin", "sftp", bySignature);
    expect((await connection.read()).status).toBe(200);
    expect(await check(bySignature)).toMatchObject({ ok: true });
    expect(await check(inClear)).toMatchObject({ code: "destination_not_allowed" });
    expect(server.attempts).not.toContain("password");
    expect((await (await connect("user", "sftp", inClear)).read()).status).toBe(409);
    await server.close();
  });

  test.each([
    [
      "GCS",
      { bucketName: "our-bucket" },
      "serviceAccountKey",
      "https://storage.googleapis.com/their-bucket/log.txt",
    ],
    [
      "s3",
      { bucketName: "our.bucket", region: "us-east-1", accessKeyID: "AKIAIOSFODNN7EXAMPLE" },
      "secretAccessKey",
      "https://s3.us-east-1.amazonaws.com/their-bucket/log.txt",
    ],
  ])(
    "is not sent when a colleague points it at their own bucket on the same host: %s",
    async (kind, properties, field, baseUrl) => {
      const key = await enter("admin", { subKind: "text", fields: { value: stolen } });
      expect((await (await connect("admin", kind, { ...properties, [field]: key.id })).read()).status).toBe(
        200,
      );
      const api = { baseUrl, authType: "api_key", apiKey: key.id, apiKeyIn: "query", apiKeyName: "x" };
      expect((await (await connect("user", "restapi", api)).read()).status).toBe(409);
    },
  );

  test("may be sent itself to an allowed destination, and then sign there too", async () => {
    const key = await enter("admin", { subKind: "text", fields: { value: stolen } });
    const endpoint = { host: "files.test.example", username: "ana" };
    const hostKeyFingerprint = `SHA256:${"a".repeat(43)}`;
    const asPassword = { ...endpoint, hostKeyFingerprint, authMethod: "password", password: key.id };
    const asKey = { ...endpoint, hostKeyFingerprint, authMethod: "private_key", privateKey: key.id };
    expect((await (await connect("admin", "sftp", asPassword)).read()).status).toBe(200);
    expect((await (await connect("user", "sftp", asKey)).read()).status).toBe(200);
  });
});

describe("a colleague's change of a secret", () => {
  const isRefused = { status: 409, json: { error: { code: "destination_not_allowed" } } };
  const restApi = (client: { id: string }) => ({
    baseUrl: `http://127.0.0.1:${mute.port}`,
    authType: "oauth_client_credentials",
    oauthClient: client.id,
    tlsMode: "disable",
  });
  const enterClient = () => {
    const fields = { clientId: "c", clientSecret: stolen, authUrl: `http://127.0.0.1:${idp.port}/token` };
    return enter("admin", { subKind: "m2m_oauth", fields });
  };
  const stealAuthUrl = ({ id: secretId }: { id: string }) =>
    replaceSecret(fabric.scope("user", "secret:write"), {
      secretId,
      subKind: "m2m_oauth",
      expectedVersion: 1,
      destinationIds: [],
      fields: { authUrl: `http://127.0.0.1:${theirs.port}/token` },
    });
  async function check(
    properties: Record<string, unknown>,
    confirmation: Omit<CheckInput, "kind" | "name" | "properties">,
  ) {
    const scope = fabric.scope("admin", "connection:check");
    const input = { kind: "restapi", name: "api", properties, ...confirmation };
    const checked = await waitForCheck(scope, input, AbortSignal.timeout(10_000));
    if (!checked.ok || checked.value.result.ok) throw new Error("The check was to fail.");
    return checked.value.result;
  }

  test("is not confirmed by an Admin who saw only the earlier destination", async () => {
    const client = await enterClient();
    const { newDestinations } = await check(restApi(client), { isConfirmed: false });
    expect(newDestinations).toEqual([
      { secret: client.name, destinations: [`http://127.0.0.1:${mute.port}?proved`] },
    ]);
    await stealAuthUrl(client);
    const second = await check(restApi(client), { isConfirmed: true, shownDestinations: newDestinations });
    expect(second).toMatchObject({ code: "destination_unconfirmed", field: "oauthClient" });
    expect(JSON.stringify(second.newDestinations)).toContain(`oauth-token://127.0.0.1:${theirs.port}`);
    expect(await pipeline(`/v1/secrets/${client.name}/token`, "POST")).toMatchObject(isRefused);
    expect(theirs.received).toEqual([]);
    // Now the Admin has seen the new destination.
    await check(restApi(client), { isConfirmed: false, shownDestinations: second.newDestinations });
    expect((await pipeline(`/v1/secrets/${client.name}/token`, "POST")).status).toBe(200);
    theirs.received.length = 0;
  });

  test("is not allowed by an Admin who picks that secret for another connection", async () => {
    const client = await enterClient();
    await stealAuthUrl(client);
    const connection = await connect("admin", "restapi", restApi(client));
    expect(await connection.read()).toMatchObject(isRefused);
    expect(await check(restApi(client), { isConfirmed: true })).toMatchObject({
      code: "destination_unconfirmed",
    });
    expect(await pipeline(`/v1/secrets/${client.name}/token`, "POST")).toMatchObject(isRefused);
    expect(theirs.received).toEqual([]);
  });

  test.each<Person>(["admin", "user"])(
    "is not allowed with a certificate authority that the author of a password picks again: %s",
    async (author) => {
      const colleague = author === "admin" ? "user" : "admin";
      const authority = await enter(author, { subKind: "text", fields: { value: "authority" } });
      const password = await enter(author, { subKind: "text", fields: { value: stolen } });
      const connection = await connect(author, "postgres", database(password, authority));
      expect((await connection.read()).status).toBe(200);
      await replaceSecret(fabric.scope(colleague, "secret:write"), {
        secretId: authority.id,
        subKind: "text",
        expectedVersion: 1,
        destinationIds: [],
        fields: { value: "theirs" },
      });
      await connect(author, "postgres", database(password, authority));
      expect(await connection.read()).toMatchObject(isRefused);
    },
  );
});

describe("a destination that an upgrade allows", () => {
  const settings = (token: { id: string }) => ({
    baseUrl: `http://127.0.0.1:${theirs.port}`,
    authType: "bearer",
    bearerToken: token.id,
    tlsMode: "disable",
  });
  const enterToken = () => enter("admin", { subKind: "text", fields: { value: stolen } });
  const check = (role: Person, properties: Record<string, unknown>, isConfirmed = false) => {
    const input = { kind: "restapi", name: "api", properties, isConfirmed };
    return waitForCheck(fabric.scope(role, "connection:check"), input, AbortSignal.timeout(10_000));
  };
  const isRefused = { value: { result: { ok: false, code: "destination_not_allowed" } } };

  /** A User saved a connection to their own server before the upgrade, which runs now. */
  async function upgraded() {
    await setRule("locked");
    await owner.allowedDestination.deleteMany();
    const token = await enterToken();
    const connection = await connect("user", "restapi", settings(token));
    expect((await connection.read()).status).toBe(409);
    expect(await check("user", settings(token))).toMatchObject(isRefused);
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    await client.query("DELETE FROM data_step");
    await applyDataSteps(client);
    await client.end();
    return { token, connection };
  }

  test("keeps pipelines working, but a User's check sends no value there", async () => {
    const { token, connection } = await upgraded();
    expect((await connection.read()).status).toBe(200);
    expect(await check("user", settings(token))).toMatchObject(isRefused);
    expect(theirs.received).toEqual([]);
  });

  test("is an Admin's to allow by a check, and then leaves the review", async () => {
    const { token } = await upgraded();
    expect(await check("admin", settings(token))).toMatchObject({
      value: { result: { code: "destination_unconfirmed" } },
    });
    await check("admin", settings(token), true);
    expect(theirs.received).toEqual([expect.stringContaining(stolen)]);
    theirs.received.length = 0;
    const rows = await owner.allowedDestination.findMany({ where: { secretId: token.id } });
    expect(rows).toMatchObject([{ toReview: null, createdById: fabric.admin.id }]);
  });

  test("allows no other secret there, whatever an Admin edits in the connection", async () => {
    const { connection } = await upgraded();
    const another = await enterToken();
    await updateConnection(fabric.scope("admin", "connection:write"), {
      connectionId: connection.id,
      name: connection.name,
      description: "",
      properties: settings(another),
    });
    expect((await connection.read()).status).toBe(409);
  });
});

test("a fabric that is created with its secret and connection serves pipelines at once", async () => {
  const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: fabric.teamId } });
  const secret = {
    kind: "prophecy",
    subKind: "text",
    properties: { name: "databricks-pat", value: stolen },
  };
  const properties = {
    authType: "pat",
    jdbcUrl:
      "jdbc:databricks://dbc-a1b2345c-d6e7.cloud.databricks.com:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/1234567890abcdef;",
    catalog: "main",
    schema: "default",
    token: "{{SECRET}}",
  };
  const payload = {
    name: unique("made"),
    teamName,
    provider: "databricks",
    secret,
    connection: {
      name: "warehouse",
      kind: "databricks",
      isDefaultWarehouseConnection: true,
      shouldTest: false,
      properties,
    },
  };
  const headers = { "x-auth-token": tokens.admin };
  const created = await api.inject({ method: "POST", url: "/api/orchestration/fabric", headers, payload });
  expect(created.statusCode).toBe(200);
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: created.json().data.id, name: "nightly", tokenHash, ...by },
  });
  const answer = await fetch(new URL("/v1/connections/warehouse", automateUrl), {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toMatchObject({ properties: { token: stolen } });
});
