import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { startChecks } from "@/lib/candidates/checks";
import {
  askForCandidate,
  createCandidate,
  discardCandidate,
  promoteCandidate,
  undoReplacement,
} from "@/lib/candidates/mutations";
import { findUndo, getCandidate } from "@/lib/candidates/queries";
import { type ConnectionCheckEvent, connectionCheckEvent } from "@/lib/candidates/schema";
import { createConnection } from "@/lib/connections/mutations";
import { getConnection } from "@/lib/connections/queries";
import type { Db } from "@/lib/db/client";
import { decideRequest, removeDestination } from "@/lib/destinations/mutations";
import { listWaitingRequests } from "@/lib/destinations/queries";
import { setSecretExpiry } from "@/lib/secrets/expiry-and-owner";
import { createSecret } from "@/lib/secrets/mutations";
import { getSecret } from "@/lib/secrets/queries";
import type { CreateSecretInput, ReplaceSecretInput } from "@/lib/secrets/schema";
import { replaceSecret } from "@/lib/secrets/update";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { type RestApiServer, startRestApiServer } from "@/testing/servers/rest-api-server";
import { accessTokenOf, startWebWithAutomate } from "@/testing/web-with-automate";
import { createManagementApi } from "@/web/management-api/app";

// A new value that is checked with every connection before it is current, with the shipped automate.

type Person = "admin" | "user";
let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let owner: Db;
let fabric: TestFabric;
let token: string;
/** Two servers: each accepts the tokens in its set. */
const accepted = { orders: new Set<string>(), billing: new Set<string>() };
let servers: { orders: RestApiServer; billing: RestApiServer };

beforeAll(async () => {
  web = await startWebWithAutomate();
  owner = web.owner;
  fabric = await createTestFabric(owner, "candidates");
  const { token: plain, tokenHash } = newPipelineToken();
  token = plain;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  const start = (name: keyof typeof accepted) =>
    startRestApiServer({ isValidToken: async (value) => accepted[name].has(value) });
  servers = { orders: await start("orders"), billing: await start("billing") };
});

beforeEach(() => {
  for (const server of Object.values(servers)) server.requests.length = 0;
  for (const values of Object.values(accepted)) values.clear();
});

afterAll(async () => {
  await Promise.all([servers.orders.close(), servers.billing.close()]);
  await web.stop();
});

let count = 0;
const unique = (what: string) => {
  count += 1;
  return `${what}_${count}`;
};

async function addSecret(
  value: Pick<CreateSecretInput, "subKind" | "fields"> = { subKind: "text", fields: { value: "former" } },
  by: Person = "user",
) {
  const name = unique("secret");
  const input = { ...value, name, description: "" } as CreateSecretInput;
  const created = await createSecret(fabric.scope(by, "secret:write"), input);
  if (!created.ok) throw new Error(created.code);
  return { id: created.value.id, name };
}

/** A saved connection that sends the secret as its token; its author may allow the server. */
async function connect(secretId: string, server: RestApiServer, by: Person = "user") {
  const name = unique("connection");
  // Each has settings of its own: checks of the same settings would share one run.
  const testPath = `/?of=${name}`;
  const signIn = { tlsMode: "disable", authType: "bearer", bearerToken: secretId };
  const properties = { baseUrl: server.baseUrl, testPath, ...signIn };
  const input = { name, kind: "restapi", description: "", properties };
  const created = await createConnection(fabric.scope(by, "connection:write"), input);
  if (!created.ok) throw new Error(JSON.stringify(created));
  return { id: created.value.id, name };
}

async function replacement(
  secretId: string,
  more: Partial<Omit<ReplaceSecretInput, "secretId">> = {},
): Promise<ReplaceSecretInput> {
  const { version, destinations } = await getSecret(fabric.scope("user", "secret:list"), secretId);
  return {
    secretId,
    subKind: "text",
    expectedVersion: version,
    destinationIds: destinations.map(({ id }) => id),
    fields: { value: "next" },
    ...more,
  } as ReplaceSecretInput;
}

async function enter(secretId: string, by: Person = "user", more: Parameters<typeof replacement>[1] = {}) {
  const scope = fabric.scope(by, "secret:write");
  const created = await createCandidate(scope, await replacement(secretId, more));
  if (!created.ok) throw new Error(JSON.stringify(created));
  return created.value.candidate;
}

/** Runs the checks to their end. Returns the result of each connection that was checked, by its id. */
async function check(secretId: string, candidate: number | "former" | null, connectionIds?: string[]) {
  const body = { secretId, candidate, connectionIds };
  const signal = AbortSignal.timeout(30_000);
  const started = await startChecks(fabric.scope("user", "connection:check"), body, signal);
  if (!started.ok) throw new Error(started.code);
  const lines = (await new Response(started.value).text()).split("\n").filter((line) => line !== "");
  const events = lines.map((line): ConnectionCheckEvent => connectionCheckEvent.parse(JSON.parse(line)));
  return new Map(
    events.flatMap(({ connectionId, event }) =>
      event.type === "result" ? [[connectionId, event.ok ? "passed" : event.code] as const] : [],
    ),
  );
}

const promote = (secretId: string, candidate: number, accepted: string[] = [], by: Person = "user") =>
  promoteCandidate(fabric.scope(by, "secret:write"), { secretId, candidate, accepted });

const detail = (secretId: string) => getCandidate(fabric.scope("user", "secret:list"), secretId);

async function read(path: string) {
  const response = await fetch(new URL(path, web.automateUrl), {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, ...((await response.json()) as { value?: unknown; version?: number }) };
}

const eventsOf = async (objectId: string, action: string) =>
  (await owner.auditEvent.findMany({ where: { objectId, action }, orderBy: { id: "asc" } })).map(
    ({ actorName, details }) => ({ actorName, ...(details as Record<string, unknown>) }),
  );

describe("a new value for several connections", () => {
  test("is promoted for all at once when each accepts it; until then, the former value is current", async () => {
    const secret = await addSecret();
    const connections = [];
    for (const server of ["orders", "orders", "billing"] as const)
      connections.push(await connect(secret.id, servers[server]));
    for (const values of Object.values(accepted)) values.add("next");
    const candidate = await enter(secret.id);
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "former", version: 1 });
    expect(await detail(secret.id)).toMatchObject({ state: "open", total: 3, fields: ["value"] });

    const results = await check(secret.id, candidate);
    expect([...results.values()]).toEqual(["passed", "passed", "passed"]);
    expect(await check(secret.id, candidate)).toEqual(new Map());
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "former", version: 1 });

    expect(await promote(secret.id, candidate)).toEqual({ ok: true, value: { version: 2 } });
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "next", version: 2 });
    // The destinations came along in the same transaction.
    const [first] = connections;
    expect((await read(`/v1/connections/${first?.name}`)).status).toBe(200);
    expect(await check(secret.id, null)).toEqual(new Map(connections.map(({ id }) => [id, "passed"])));
    const status = await getConnection(fabric.scope("user", "connection:list"), first?.id ?? "");
    expect(status.status.state).toBe("connected");
    expect(await eventsOf(secret.id, "secret.promote")).toEqual([
      { actorName: "Uri User", version: 2, candidate: 1, fields: ["value"] },
    ]);
    expect(await detail(secret.id)).toMatchObject({ state: "promoted", promotedVersion: 2 });
  });

  test("names the one that refuses it and its field, and is promoted only by somebody who saw who breaks", async () => {
    const secret = await addSecret();
    const fine = await connect(secret.id, servers.orders);
    const broken = await connect(secret.id, servers.billing);
    accepted.orders.add("next");
    const candidate = await enter(secret.id);
    const unchecked = { problem: "unaccepted", connections: [fine, broken] };
    expect(await promote(secret.id, candidate)).toEqual({ ok: true, value: unchecked });

    expect(await check(secret.id, candidate)).toEqual(
      new Map([
        [fine.id, "passed"],
        [broken.id, "rejected_credentials"],
      ]),
    );
    const shown = await detail(secret.id);
    expect(shown?.connections.map(({ name, result }) => [name, result?.ok, result?.field])).toEqual([
      [fine.name, true, null],
      [broken.name, false, "bearerToken"],
    ]);
    const unaccepted = { problem: "unaccepted", connections: [broken] };
    expect(await promote(secret.id, candidate)).toEqual({ ok: true, value: unaccepted });
    expect(await promote(secret.id, candidate, [fine.id])).toEqual({ ok: true, value: unaccepted });
    const unasked = await connect(secret.id, servers.orders);
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ version: 1 });
    const both = [broken.id, unasked.id];
    expect(await promote(secret.id, candidate, both)).toEqual({ ok: true, value: { version: 2 } });
    expect(await eventsOf(secret.id, "secret.promote")).toMatchObject([
      { refusedBy: [broken.name], untried: [unasked.name] },
    ]);
  });

  test("is sent at most as often as the attempt limit allows, before and after the promotion together", async () => {
    const secret = await addSecret();
    const connections = [];
    for (let i = 0; i < 4; i += 1) connections.push(await connect(secret.id, servers.orders));
    const candidate = await enter(secret.id);
    const results = [...(await check(secret.id, candidate)).values()].sort();
    expect(results).toEqual([
      ...["rejected_credentials", "rejected_credentials"],
      ...["sign_in_paused", "sign_in_paused"],
    ]);
    expect(servers.orders.requests.length).toBe(2);
    const ids = connections.map(({ id }) => id);
    expect(await promote(secret.id, candidate, ids)).toEqual({ ok: true, value: { version: 2 } });
    expect(new Set((await check(secret.id, null)).values())).toEqual(new Set(["sign_in_paused"]));
    expect(servers.orders.requests.length).toBe(2);
  });
});

describe("a new value is tried only with consent", () => {
  test("not at a destination that its author left out", async () => {
    const secret = await addSecret();
    const kept = await connect(secret.id, servers.orders);
    const left = await connect(secret.id, servers.billing);
    for (const values of Object.values(accepted)) values.add("next");
    const { destinations } = await getSecret(fabric.scope("user", "secret:list"), secret.id);
    const destinationIds = destinations
      .filter(({ destination }) => destination.includes(`:${servers.orders.port}`))
      .map(({ id }) => id);
    const candidate = await enter(secret.id, "user", { destinationIds });
    expect(await check(secret.id, candidate)).toEqual(
      new Map([
        [kept.id, "passed"],
        [left.id, "destination_not_allowed"],
      ]),
    );
    expect(servers.billing.requests).toEqual([]);
  });

  test("not at a destination that was not allowed for the former value", async () => {
    const secret = await addSecret(undefined, "admin");
    const theirs = await connect(secret.id, servers.billing, "user");
    accepted.billing.add("next");
    const candidate = await enter(secret.id, "admin");
    expect(await check(secret.id, candidate)).toEqual(new Map([[theirs.id, "destination_not_allowed"]]));
    expect(servers.billing.requests).toEqual([]);
  });

  test("nowhere, if somebody else entered another of its fields", async () => {
    const fields = { username: "etl", password: "former" };
    const secret = await addSecret({ subKind: "username_password", fields }, "admin");
    const properties = {
      baseUrl: servers.orders.baseUrl,
      tlsMode: "disable",
      authType: "basic",
      basicCredential: secret.id,
    };
    const scope = fabric.scope("admin", "connection:write");
    const input = { name: unique("connection"), kind: "restapi", description: "", properties };
    const created = await createConnection(scope, input);
    if (!created.ok) throw new Error("No connection.");
    const more = { subKind: "username_password", fields: { password: "theirs" } } as const;
    const candidate = await enter(secret.id, "user", more);
    expect(await check(secret.id, candidate)).toEqual(
      new Map([[created.value.id, "destination_not_allowed"]]),
    );
    expect(servers.orders.requests).toEqual([]);
  });
});

describe("a request for approval of a new value", () => {
  const reader = () => fabric.scope("user", "secret:list");

  async function given() {
    const secret = await addSecret(undefined, "admin");
    const theirs = await connect(secret.id, servers.billing, "user");
    const candidate = await enter(secret.id, "user");
    await check(secret.id, candidate);
    const reference = { secretId: secret.id, candidate, connectionId: theirs.id };
    const asked = await askForCandidate(fabric.scope("user", "connection:check"), {
      ...reference,
      reason: "the server moved",
    });
    expect(asked).toEqual({ ok: true, value: { waiting: 1 } });
    const { requests } = await listWaitingRequests(reader(), secret.id);
    return { secret, theirs, candidate, requestId: requests[0]?.id ?? "", requests };
  }

  test("waits beside it, names its author, and lets an Admin have it tried", async () => {
    const { secret, theirs, candidate, requestId, requests } = await given();
    expect(requests).toMatchObject([
      { isCandidate: true, reason: "the server moved", askedByName: "Uri User", enteredBy: ["Uri User"] },
    ]);
    expect((await detail(secret.id))?.connections).toMatchObject([
      { request: { askedByName: "Uri User" }, notAllowed: [expect.stringContaining("127.0.0.1")] },
    ]);
    // With the current value, the connection is as before.
    const status = await getConnection(fabric.scope("user", "connection:list"), theirs.id);
    expect(status.status.state).toBe("not_tested");
    expect(status.references).toMatchObject([{ secretId: secret.id, hasNewValue: true }]);

    accepted.billing.add("next");
    const scope = fabric.scope("admin", "destination:write");
    expect(await decideRequest(scope, { requestId, decision: "allowed" })).toMatchObject({ ok: true });
    expect((await listWaitingRequests(reader(), secret.id)).total).toBe(0);
    expect(await check(secret.id, candidate, [theirs.id])).toEqual(new Map([[theirs.id, "passed"]]));
    expect((await getSecret(reader(), secret.id)).destinations).toEqual([]);
    expect(await promote(secret.id, candidate)).toEqual({ ok: true, value: { version: 2 } });
    expect((await getSecret(reader(), secret.id)).destinations).toHaveLength(1);
  });

  test("becomes a request for the current value when the value is promoted anyway, and ends when it is discarded", async () => {
    const { secret, theirs, candidate } = await given();
    expect(await promote(secret.id, candidate, [theirs.id])).toEqual({ ok: true, value: { version: 2 } });
    expect(await listWaitingRequests(reader(), secret.id)).toMatchObject({
      total: 1,
      requests: [{ isCandidate: false }],
    });
    const { status } = await getConnection(fabric.scope("user", "connection:list"), theirs.id);
    expect(status).toMatchObject({ state: "waiting", askedByName: "Uri User" });

    const other = await given();
    const scope = fabric.scope("user", "secret:write");
    await discardCandidate(scope, { secretId: other.secret.id, candidate: other.candidate });
    expect((await listWaitingRequests(reader(), other.secret.id)).total).toBe(0);
    const decision = { requestId: other.requestId, decision: "allowed" } as const;
    expect((await decideRequest(fabric.scope("admin", "destination:write"), decision)).ok).toBe(false);
  });
});

test("a script does the same by the management API", async () => {
  const api = createManagementApi();
  const accessToken = await accessTokenOf(fabric.user);
  const secret = await addSecret();
  const [fine, broken] = [
    await connect(secret.id, servers.orders),
    await connect(secret.id, servers.billing),
  ];
  accepted.orders.add("next");
  const path = `/api/orchestration/fabric/${fabric.fabricId}/secret/id/${secret.id}`;
  const call = async (method: "GET" | "POST" | "DELETE", url: string, payload?: object) => {
    const headers = { "x-auth-token": accessToken };
    const answer = await api.inject({ method, url: `${path}${url}`, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, ...answer.json() };
  };
  const body = { kind: "prophecy", subKind: "text", properties: { value: "next" } };
  expect(await call("POST", "/candidate", body)).toMatchObject({ status: 200, data: { candidate: 1 } });
  expect(await call("POST", "/candidate", body)).toMatchObject({
    status: 409,
    message: expect.stringContaining("Uri User has entered a new value"),
  });
  const { data } = await call("POST", "/candidate/check", {});
  expect(data).toMatchObject({ state: "open", baseVersion: 1, total: 2 });
  expect(data.connections).toMatchObject([
    { name: fine.name, verdict: "passed" },
    { name: broken.name, verdict: "refused", code: "rejected_credentials", field: "bearerToken" },
  ]);
  expect(JSON.stringify(data)).not.toContain('"next"');
  expect(await call("POST", "/candidate/promote", { candidate: 1 })).toMatchObject({
    status: 409,
    message: expect.stringContaining(broken.name),
  });
  // Larger than any number in the database.
  expect(await call("POST", "/candidate/promote", { candidate: 2 ** 31 })).toMatchObject({ status: 400 });
  expect(await call("POST", "/candidate/promote", { candidate: 2 ** 31 - 1 })).toMatchObject({ status: 404 });
  const anyway = { candidate: 1, accepted: [broken.id] };
  expect(await call("POST", "/candidate/promote", anyway)).toMatchObject({ data: { version: 2 } });
  expect(await call("POST", "/undo", { version: 2 })).toMatchObject({ data: { version: 3 } });
  expect(await call("DELETE", "/candidate")).toMatchObject({ status: 404 });
  expect(await call("GET", "/candidate")).toMatchObject({ data: { state: "promoted", version: 2 } });
});

describe("of two people at once, one wins and the other is told by name", () => {
  test("when both enter a value", async () => {
    const secret = await addSecret();
    const scopes = (["admin", "user"] as const).map((role) => fabric.scope(role, "secret:write"));
    const inputs = await Promise.all([replacement(secret.id), replacement(secret.id)]);
    const results = await Promise.all(
      scopes.map((scope, i) => createCandidate(scope, inputs[i] as ReplaceSecretInput)),
    );
    const winner = results[0]?.ok ? "Ada Admin" : "Uri User";
    expect(results.filter(({ ok }) => ok)).toEqual([{ ok: true, value: { candidate: 1 } }]);
    expect(results.filter(({ ok }) => !ok)).toEqual([
      { ok: false, code: "waiting", fieldErrors: { waiting: expect.stringContaining(winner) } },
    ]);
  });

  test("when both promote, or one promotes what the other discards", async () => {
    for (const discards of [false, true]) {
      const secret = await addSecret();
      const candidate = await enter(secret.id);
      const other = fabric.scope("admin", "secret:write");
      const [mine, theirs] = await Promise.all([
        promote(secret.id, candidate),
        discards
          ? discardCandidate(other, { secretId: secret.id, candidate })
          : promoteCandidate(other, { secretId: secret.id, candidate, accepted: [] }),
      ]);
      const versions = await owner.secretVersion.findMany({
        where: { secretId: secret.id, version: { gt: 1 } },
      });
      const isMine = mine.ok && "version" in mine.value && !("problem" in mine.value);
      expect(versions.length).toBe(discards && !isMine ? 0 : 1);
      if (isMine && !discards)
        expect(theirs).toEqual({ ok: true, value: { problem: "promoted", by: "Uri User" } });
      if (isMine && discards) expect(theirs).toEqual({ ok: false, code: "closed" });
      if (!isMine)
        expect(mine).toEqual({
          ok: true,
          value: { problem: discards ? "discarded" : "promoted", by: "Ada Admin" },
        });
    }
  });

  test("when one replaces the value in another way", async () => {
    const secret = await addSecret();
    const candidate = await enter(secret.id);
    const scope = fabric.scope("admin", "secret:write");
    const replaced = await replaceSecret(scope, await replacement(secret.id, { destinationIds: [] }));
    expect(replaced.ok).toBe(true);
    expect(await promote(secret.id, candidate)).toEqual({
      ok: true,
      value: { problem: "outdated", by: "Ada Admin", version: 2 },
    });
    expect(await detail(secret.id)).toMatchObject({ state: "outdated" });
    // It does not stand in the way of the next one, whose number is new.
    expect(await enter(secret.id)).toBe(2);
  });
});

describe("a candidate", () => {
  test("is no version: no pipeline and no page shows it", async () => {
    const secret = await addSecret();
    await enter(secret.id);
    await owner.versionRule.create({
      data: { fabricId: fabric.fabricId, formerVersions: 5, updatedByName: "x" },
    });
    for (const version of ["-1", "0", "2"])
      expect((await read(`/v1/secrets/${secret.name}?version=${version}`)).value).toBeUndefined();
    await owner.versionRule.deleteMany();
    const { isReplaced } = await owner.secret.findUniqueOrThrow({ where: { id: secret.id } });
    expect(isReplaced).toBe(false);
    const page = await getSecret(fabric.scope("user", "secret:list"), secret.id);
    expect(page.versions.map(({ version }) => version)).toEqual([1]);
    expect(page.version).toBe(1);
  });

  test("that is discarded is gone with its values", async () => {
    const secret = await addSecret();
    await connect(secret.id, servers.orders);
    const candidate = await enter(secret.id);
    await check(secret.id, candidate);
    const scope = fabric.scope("admin", "secret:write");
    expect(await discardCandidate(scope, { secretId: secret.id, candidate })).toMatchObject({ ok: true });
    const negative = { where: { secretId: secret.id, version: { lt: 0 } } };
    expect(await owner.secretField.count(negative)).toBe(0);
    expect(await owner.secretVersion.count(negative)).toBe(0);
    expect(await owner.allowedDestination.count(negative)).toBe(0);
    expect(await detail(secret.id)).toMatchObject({ state: "discarded", closedByName: "Ada Admin" });
  });
});

describe("undo", () => {
  test("says that the server refuses the former password after Selvage set another one there", async () => {
    const secret = await addSecret();
    const scope = fabric.scope("user", "secret:list");
    const candidate = await enter(secret.id);
    await promote(secret.id, candidate, []);
    expect(await findUndo(scope, secret.id)).toMatchObject({ formerVersion: 1, isRefused: false });
    const by = { startedById: fabric.admin.id, startedByName: fabric.admin.name };
    const run = {
      secretId: secret.id,
      fabricId: fabric.fabricId,
      candidate,
      version: 2,
      state: "done",
      ...by,
    };
    const { id } = await owner.passwordRun.create({ data: run });
    expect(await findUndo(scope, secret.id)).toMatchObject({ formerVersion: 1, isRefused: true });
    // Of a pair, the former user keeps its password.
    await owner.passwordRun.update({ where: { id }, data: { user: "app_a" } });
    expect(await findUndo(scope, secret.id)).toMatchObject({ isRefused: false });
  });

  test("is offered for the current version, by the version that first had the value, until it is too late", async () => {
    const secret = await addSecret();
    const scope = fabric.scope("user", "secret:list");
    const undo = (expectedVersion: number) =>
      undoReplacement(fabric.scope("user", "secret:write"), { secretId: secret.id, expectedVersion });
    await promote(secret.id, await enter(secret.id), []);
    await undo(2);
    // Version 3 has the value of version 1.
    expect(await findUndo(scope, secret.id)).toMatchObject({ version: 3, formerVersion: 2 });
    await undo(3);
    expect(await findUndo(scope, secret.id)).toMatchObject({ version: 4, formerVersion: 1 });
    await undo(4);
    const offer = await findUndo(scope, secret.id);
    expect(offer).toMatchObject({ version: 5, formerVersion: 2 });
    const { createdAt } = await owner.secretVersion.findUniqueOrThrow({
      where: { secretId_version: { secretId: secret.id, version: 5 } },
    });
    expect(offer?.until).toEqual(new Date(createdAt.getTime() + 24 * 3600_000));
    const rule = { fabricId: fabric.fabricId, formerVersions: 1, updatedByName: "Ada Admin" };
    await owner.versionRule.create({ data: rule });
    expect(await findUndo(scope, secret.id)).toMatchObject({ version: 5, until: null });
    await owner.versionRule.delete({ where: { fabricId: fabric.fabricId } });
  });

  test("can be tried before: the former value is sent only where it was allowed, and no result is kept", async () => {
    const secret = await addSecret();
    const [orders, billing] = [
      await connect(secret.id, servers.orders),
      await connect(secret.id, servers.billing),
    ];
    accepted.orders.add("former").add("next");
    accepted.billing.add("next");
    await promote(secret.id, await enter(secret.id), [orders.id, billing.id]);
    expect(await check(secret.id, null)).toEqual(
      new Map([
        [orders.id, "passed"],
        [billing.id, "passed"],
      ]),
    );
    const stored = () => owner.connectionCheck.count({ where: { fabricId: fabric.fabricId } });
    const before = await stored();
    const tried = new Map<string, string>([
      [orders.id, "passed"],
      [billing.id, "rejected_credentials"],
    ]);
    expect(await check(secret.id, "former")).toEqual(tried);
    expect(await stored()).toBe(before);
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "next", version: 2 });
    expect(await eventsOf(orders.id, "connection.check")).toContainEqual(
      expect.objectContaining({ ok: true, version: 1 }),
    );
    const offer = await findUndo(fabric.scope("user", "secret:list"), secret.id);
    expect(offer?.connections).toEqual([
      expect.objectContaining({ id: orders.id, result: null }),
      expect.objectContaining({ id: billing.id, result: null }),
    ]);

    const { destinations } = await getSecret(fabric.scope("admin", "secret:list"), secret.id);
    const removed = destinations.find(({ destination }) => destination.includes(`:${servers.orders.port}`));
    await removeDestination(fabric.scope("admin", "destination:write"), { destinationId: removed?.id ?? "" });
    servers.orders.requests.length = 0;
    expect((await check(secret.id, "former")).get(orders.id)).toBe("destination_not_allowed");
    // Earlier releases left the former version's allowance where it was.
    const by = { createdById: fabric.user.id, createdByName: "Uri User" };
    const at = { fabricId: fabric.fabricId, secretId: secret.id, destination: removed?.destination ?? "" };
    await owner.allowedDestination.create({ data: { ...at, version: 1, ...by } });
    expect((await check(secret.id, "former")).get(orders.id)).toBe("destination_not_allowed");
    expect(servers.orders.requests).toEqual([]);
  });

  test("cannot be tried when there is no former value, or it is not kept any more", async () => {
    const secret = await addSecret();
    await expect(check(secret.id, "former")).rejects.toThrow("not found");
    await promote(secret.id, await enter(secret.id), []);
    const at = { where: { secretId_version: { secretId: secret.id, version: 2 } } };
    await owner.secretVersion.update({ ...at, data: { createdAt: new Date(Date.now() - 25 * 3600_000) } });
    await expect(check(secret.id, "former")).rejects.toThrow("not found");
  });

  test("brings back the date that somebody entered, also after a value that was current at once", async () => {
    const secret = await addSecret();
    const scope = fabric.scope("user", "secret:write");
    const dates = ["2031-01-01T00:00:00.000Z", "2032-01-01T00:00:00.000Z"] as const;
    await setSecretExpiry(scope, { secretId: secret.id, expiresAt: dates[0] });
    const input = await replacement(secret.id, { expiresAt: dates[1] });
    expect(await replaceSecret(scope, input)).toMatchObject({ ok: true });
    const expiryAfterUndo = async (expectedVersion: number) => {
      expect(await undoReplacement(scope, { secretId: secret.id, expectedVersion })).toMatchObject({
        ok: true,
      });
      const { expiresAt, expirySource } = await owner.secret.findUniqueOrThrow({ where: { id: secret.id } });
      return [expiresAt.toISOString(), expirySource];
    };
    expect(await expiryAfterUndo(2)).toEqual([dates[0], "entered"]);
    expect(await expiryAfterUndo(3)).toEqual([dates[1], "entered"]);
  });

  test("brings back the former value with its destinations, and can itself be undone", async () => {
    const secret = await addSecret();
    const connection = await connect(secret.id, servers.orders);
    accepted.orders.add("next").add("former");
    const candidate = await enter(secret.id, "user", { expiresAt: "2030-01-01T00:00:00.000Z" });
    await check(secret.id, candidate);
    const expiry = async () =>
      (await getSecret(fabric.scope("user", "secret:list"), secret.id)).expiry?.at.toISOString();
    expect(await expiry()).toBeUndefined();
    await promote(secret.id, candidate);
    expect(await expiry()).toBe("2030-01-01T00:00:00.000Z");
    const undo = (expectedVersion: number, by: Person = "user") =>
      undoReplacement(fabric.scope(by, "secret:write"), { secretId: secret.id, expectedVersion });
    expect(await undo(1)).toEqual({
      ok: true,
      value: { problem: "changed", by: "Uri User", version: 2 },
    });
    expect(await undo(2, "admin")).toEqual({ ok: true, value: { version: 3 } });
    expect(await expiry()).toBeUndefined();
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "former", version: 3 });
    expect(await check(secret.id, null)).toEqual(new Map([[connection.id, "passed"]]));
    expect(await eventsOf(secret.id, "secret.undo")).toEqual([
      { actorName: "Ada Admin", version: 3, from: 2, to: 1 },
    ]);
    expect(await undo(3)).toEqual({ ok: true, value: { version: 4 } });
    expect(await expiry()).toBe("2030-01-01T00:00:00.000Z");
    expect(await read(`/v1/secrets/${secret.name}`)).toMatchObject({ value: "next", version: 4 });
    expect(await check(secret.id, null)).toEqual(new Map([[connection.id, "passed"]]));
  });
});
