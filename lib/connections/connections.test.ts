import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configHash } from "@/lib/connections/config-hash";
import { createConnection, deleteConnection, updateConnection } from "@/lib/connections/mutations";
import { getConnection, listConnections } from "@/lib/connections/queries";
import { connectionListQuery } from "@/lib/connections/schema";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { NotFound } from "@/lib/result";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { getSecret } from "@/lib/secrets/queries";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let counter = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = () => fabric.scope("user", "connection:write");
const list = () => fabric.scope("user", "connection:list");

async function addSecret(of = fabric): Promise<string> {
  counter += 1;
  const input = {
    subKind: "text" as const,
    name: `secret-${counter}`,
    description: "",
    fields: { value: "v" },
  };
  const created = await createSecret(of.scope("user", "secret:write"), input);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

const properties = (password: string) => ({
  server: "db.example.com",
  database: "sales",
  username: "svc",
  password,
});

async function addConnection(name: string, password: string): Promise<string> {
  const created = await createConnection(write(), {
    kind: "postgres",
    name,
    description: "",
    properties: properties(password),
  });
  if (!created.ok) throw new Error(JSON.stringify(created));
  return created.value.id;
}

describe("the SQL warehouse of a fabric", () => {
  const bigquery = async (name: string) => ({
    kind: "bigquery",
    name,
    description: "",
    isDefaultWarehouseConnection: true,
    properties: {
      authType: "private_key",
      projectId: "sales-12345",
      dataset: "dev",
      serviceAccountKey: await addSecret(),
    },
  });

  test("has the kind of its provider, and stays single when two requests create it at once", async () => {
    const input = await bigquery("Warehouse of nobody");
    expect(await createConnection(write(), input)).toMatchObject({ ok: false, code: "warehouse_unfit" });
    await owner.fabric.update({ where: { id: fabric.fabricId }, data: { provider: "bigquery" } });
    const inputs = await Promise.all(["one", "two", "three"].map((name) => bigquery(`Warehouse ${name}`)));
    const created = await Promise.all(inputs.map((one) => createConnection(write(), one)));
    expect(created.map((one) => (one.ok ? "made" : one.code)).sort()).toEqual([
      "made",
      "warehouse_taken",
      "warehouse_taken",
    ]);
  });

  test("appears with the other connections, on the first page only", async () => {
    const { warehouse, connections } = await listConnections(list(), connectionListQuery.parse({}));
    expect(warehouse).toMatchObject({ provider: "bigquery", connection: { kind: "bigquery" } });
    expect(connections.map(({ id }) => id)).not.toContain(warehouse?.connection?.id);
    const later = await listConnections(list(), connectionListQuery.parse({ after: "zzz" }));
    expect(later.warehouse).toBeNull();
  });
});

describe("a connection", () => {
  test("stores its secrets as rows and its plain properties with their defaults", async () => {
    const secretId = await addSecret();
    const id = await addConnection("plain", secretId);
    const row = await owner.connection.findUniqueOrThrow({ where: { id }, include: { secrets: true } });
    expect(row.properties).toEqual({
      server: "db.example.com",
      port: "5432",
      database: "sales",
      username: "svc",
      tlsMode: "verify-full",
    });
    expect(row.secrets).toMatchObject([{ field: "password", secretId }]);
    expect((await getConnection(list(), id)).properties).toMatchObject({ password: secretId, port: "5432" });
  });

  test("has a case-insensitively unique name in its fabric", async () => {
    await addConnection("Sales DB", await addSecret());
    const again = await createConnection(write(), {
      kind: "postgres",
      name: "sales db",
      description: "",
      properties: properties(await addSecret()),
    });
    expect(again).toMatchObject({ ok: false, code: "name_taken", fieldErrors: { name: expect.any(String) } });
  });

  test.each([
    ["another fabric's", () => addSecret(other)],
    ["no", async () => "nothing"],
    [
      "a deleted",
      async () => {
        const id = await addSecret();
        await deleteSecret(fabric.scope("user", "secret:delete:own"), { secretId: id });
        return id;
      },
    ],
  ])("cannot reference %s secret", async (_what, make) => {
    const created = await createConnection(write(), {
      kind: "postgres",
      name: "x",
      description: "",
      properties: properties(await make()),
    });
    expect(created).toMatchObject({
      ok: false,
      code: "invalid_properties",
      fieldErrors: { "properties.password": expect.any(String) },
    });
  });

  test("leaves no orphan rows after many edits", async () => {
    const id = await addConnection("edited", await addSecret());
    for (let i = 0; i < 5; i += 1) {
      const input = {
        connectionId: id,
        name: "edited",
        description: "",
        properties: properties(await addSecret()),
      };
      expect((await updateConnection(write(), input)).ok).toBe(true);
    }
    expect(await owner.connectionSecret.count({ where: { connectionId: id } })).toBe(1);
    await deleteConnection(write(), { connectionId: id });
    expect(await owner.connectionSecret.count({ where: { connectionId: id } })).toBe(0);
  });

  test("of another fabric is not found by any query or mutation", async () => {
    const id = await addConnection("ours alone", await addSecret());
    const theirs = other.scope("admin", "connection:write");
    await expect(getConnection(other.scope("admin", "connection:list"), id)).rejects.toThrow(NotFound);
    await expect(deleteConnection(theirs, { connectionId: id })).rejects.toThrow(NotFound);
    const input = {
      connectionId: id,
      name: "x",
      description: "",
      properties: properties(await addSecret(other)),
    };
    await expect(updateConnection(theirs, input)).rejects.toThrow(NotFound);
  });

  test("that two people delete or edit at once is not found for the slower one", async () => {
    const secretId = await addSecret();
    const id = await addConnection("contended", secretId);
    const input = { connectionId: id, name: "contended", description: "", properties: properties(secretId) };
    const outcomes = await Promise.allSettled([
      deleteConnection(write(), { connectionId: id }),
      deleteConnection(write(), { connectionId: id }),
      updateConnection(write(), input),
    ]);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(NotFound);
    expect(await owner.connectionSecret.count({ where: { connectionId: id } })).toBe(0);
    expect(await owner.connection.count({ where: { id } })).toBe(0);
  });

  test("keeps its reference when the secret is renamed", async () => {
    const secretId = await addSecret();
    const id = await addConnection("survivor", secretId);
    await renameSecret(fabric.scope("user", "secret:write"), { secretId, name: "renamed" });
    expect((await getConnection(list(), id)).properties.password).toBe(secretId);
  });
});

describe("a secret that is deleted while a connection starts to use it", () => {
  test("is either in use or deleted, never both", async () => {
    for (let round = 0; round < 15; round += 1) {
      const secretId = await addSecret();
      const [created, deleted] = await Promise.all([
        createConnection(write(), {
          kind: "postgres",
          name: `race ${round}`,
          description: "",
          properties: properties(secretId),
        }),
        deleteSecret(fabric.scope("user", "secret:delete:own"), { secretId }),
      ]);
      expect(created.ok).toBe(!deleted.ok);
    }
  });
});

describe("a status", () => {
  test("applies to exactly the checked configuration and the secret version of that check", async () => {
    const secretId = await addSecret();
    const id = await addConnection("watched", secretId);
    const status = async () => (await getConnection(list(), id)).status;
    expect(await status()).toEqual({ state: "not_tested", reason: "never" });

    const full = { ...properties(secretId), port: "5432", tlsMode: "verify-full" };
    const check = {
      fabricId: fabric.fabricId,
      configHash: configHash("postgres", full),
      versions: { [secretId]: 1 },
      durationMs: 12,
      actorId: "a",
      actorName: "A",
    };
    await owner.connectionCheck.create({ data: { ...check, ok: false, code: "rejected_credentials" } });
    expect(await status()).toMatchObject({ state: "disconnected", code: "rejected_credentials" });
    await owner.connectionCheck.create({ data: { ...check, ok: true, checkedAt: new Date(Date.now() + 5) } });
    expect(await status()).toMatchObject({ state: "connected", durationMs: 12 });

    const edited = { ...properties(secretId), port: "5433" };
    await updateConnection(write(), {
      connectionId: id,
      name: "watched",
      description: "",
      properties: edited,
    });
    expect(await status()).toEqual({ state: "not_tested", reason: "never" });
    await updateConnection(write(), { connectionId: id, name: "watched", description: "", properties: full });
    expect(await status()).toMatchObject({ state: "connected" });

    const value = {
      secretId,
      subKind: "text" as const,
      expectedVersion: 1,
      destinationIds: [],
      fields: { value: "w" },
    };
    await replaceSecret(fabric.scope("user", "secret:write"), value);
    expect(await status()).toEqual({ state: "not_tested", reason: "value_replaced" });
  });

  test("of a new connection begins with the check of its form, not with those of a former one", async () => {
    const secretId = await addSecret();
    const full = { ...properties(secretId), port: "5432", tlsMode: "verify-full" };
    const check = (actorId: string, ok: boolean, minutesAgo: number) =>
      owner.connectionCheck.create({
        data: {
          fabricId: fabric.fabricId,
          configHash: configHash("postgres", full),
          ok,
          code: ok ? null : "timed_out",
          durationMs: 5,
          actorId,
          actorName: "x",
          checkedAt: new Date(Date.now() - minutesAgo * 60_000),
        },
      });
    await check(fabric.user.id, false, 90);
    await check(fabric.admin.id, true, 20);
    await check("automate", true, 10);
    const read = async (name: string) => getConnection(list(), await addConnection(name, secretId));
    const unchecked = await read("again");
    expect(unchecked.status).toEqual({ state: "not_tested", reason: "never" });
    expect(unchecked.history).toEqual([]);

    await check(fabric.user.id, false, 3);
    await check(fabric.user.id, true, 2);
    const { status, history } = await read("once more");
    expect(status).toMatchObject({ state: "connected" });
    expect(history.map(({ ok }) => ok)).toEqual([true]);
  });

  /** Checks of a connection, by hours ago: `p` passed, `f` failed, `x` gave no result about it. */
  async function checked(name: string, ends: [end: "p" | "f" | "x", hoursAgo: number][]) {
    const secretId = await addSecret();
    const id = await addConnection(name, secretId);
    await owner.connection.update({ where: { id }, data: { createdAt: hoursAgo(30 * 24) } });
    const full = { ...properties(secretId), port: "5432", tlsMode: "verify-full" };
    await owner.connectionCheck.createMany({
      data: ends.map(([end, hours]) => ({
        fabricId: fabric.fabricId,
        configHash: configHash("postgres", full),
        ok: end === "p",
        code: end === "p" ? null : end === "f" ? "timed_out" : "busy",
        durationMs: 5,
        actorId: "automate",
        actorName: "Automate",
        checkedAt: hoursAgo(hours),
      })),
    });
    return { id, secretId, read: () => getConnection(list(), id) };
  }
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3600_000);
  const hoursSince = (at: Date) => Math.round((Date.now() - at.getTime()) / 3600_000);

  test("reports since when it holds, and how the last checks ended", async () => {
    const { read } = await checked("holding", [
      ["p", 9],
      ["f", 8],
      ["p", 5],
      ["x", 4],
      ["p", 3],
      ["p", 1],
    ]);
    const { status, history } = await read();
    if (status.state !== "connected") throw new Error(status.state);
    expect([hoursSince(status.since), hoursSince(status.checkedAt)]).toEqual([5, 1]);
    expect(history.map(({ ok, at }) => [ok, hoursSince(at)])).toEqual([
      [true, 9],
      [false, 8],
      [true, 5],
      [true, 3],
      [true, 1],
    ]);
    const failing = await checked(
      "failing",
      Array.from({ length: 40 }, (_, i) => ["f", 40 - i]),
    );
    const { status: failed, history: shown } = await failing.read();
    if (failed.state !== "disconnected") throw new Error(failed.state);
    expect([hoursSince(failed.since), shown.length, hoursSince(shown[0]?.at ?? new Date())]).toEqual([
      40, 30, 30,
    ]);
  });

  test("is Inactive after a week without use, until the next use", async () => {
    const { id, secretId, read } = await checked("resting", [["p", 8 * 24]]);
    const state = async () => (await read()).status.state;
    const age = async () => {
      await owner.connection.update({ where: { id }, data: { updatedAt: hoursAgo(8 * 24) } });
      await owner.secretVersion.updateMany({ where: { secretId }, data: { createdAt: hoursAgo(8 * 24) } });
    };
    expect(await state()).toBe("connected");
    await age();
    expect(await state()).toBe("inactive");
    const use = {
      fabricId: fabric.fabricId,
      teamId: fabric.teamId,
      actorName: "x",
      action: "secret.use",
      objectKind: "secret",
      objectId: secretId,
      objectName: "x",
    };
    await owner.auditEvent.create({ data: { ...use, actorKind: "system", actorId: "automate" } });
    expect(await state()).toBe("inactive");
    await owner.auditEvent.create({ data: { ...use, actorKind: "pipeline", actorId: "p1" } });
    expect(await state()).toBe("connected");
  });

  test("does not change when a check is refused before it starts", async () => {
    const secretId = await addSecret();
    const id = await addConnection("refused", secretId);
    const full = { ...properties(secretId), port: "5432", tlsMode: "verify-full" };
    const check = {
      fabricId: fabric.fabricId,
      configHash: configHash("postgres", full),
      durationMs: 9,
      actorId: "a",
      actorName: "A",
    };
    const checkedAt = (offset: number) => new Date(Date.now() + offset);
    await owner.connectionCheck.create({ data: { ...check, ok: true, checkedAt: checkedAt(5) } });
    for (const code of ["destination_not_allowed", "busy"])
      await owner.connectionCheck.create({ data: { ...check, ok: false, code, checkedAt: checkedAt(10) } });
    expect((await getConnection(list(), id)).status).toMatchObject({ state: "connected", durationMs: 9 });
  });

  test("is listed page by page, sorted by name, forwards and backwards", async () => {
    const paged = await createTestFabric(owner, "paged");
    const scope = paged.scope("user", "connection:write");
    for (let i = 0; i < 60; i += 1) {
      const input = {
        kind: "restapi",
        name: `c ${String(i).padStart(2, "0")}`,
        description: "",
        properties: { baseUrl: "https://api.example.com" },
      };
      expect((await createConnection(scope, input)).ok).toBe(true);
    }
    const read = (query: object) =>
      listConnections(paged.scope("user", "connection:list"), connectionListQuery.parse(query));
    const first = await read({});
    const second = await read({ after: first.next });
    expect([first.connections.length, second.connections.length, second.next]).toEqual([50, 10, null]);
    expect((await read({ before: second.previous })).connections.map(({ name }) => name)).toEqual(
      first.connections.map(({ name }) => name),
    );
    expect((await read({ search: "C 07" })).connections).toHaveLength(1);
    expect((await read({ search: "rest api" })).connections).toHaveLength(50);
    expect((await read({ search: "PostgreSQL" })).connections).toHaveLength(0);
    expect((await read({ search: "\0" })).connections).toHaveLength(50);
  });
});

describe("a secret that many connections use", () => {
  test("names the first 20, counts all, and the list has them page by page", async () => {
    const secretId = await addSecret();
    const names: string[] = [];
    for (let i = 0; i < 52; i += 1) {
      names.push(`many ${String(i).padStart(2, "0")}`);
      await addConnection(names.at(-1) ?? "", secretId);
    }
    const detail = await getSecret(fabric.scope("user", "secret:list"), secretId);
    expect(detail.usedBy).toBe(52);
    expect(detail.connections.map(({ name }) => name)).toEqual(names.slice(0, 20));
    const read = (query: object) =>
      listConnections(list(), connectionListQuery.parse({ secret: secretId, ...query }));
    const first = await read({});
    const second = await read({ after: first.next });
    expect([...first.connections, ...second.connections].map(({ name }) => name)).toEqual(names);
    expect([first.warehouse?.connection ?? null, second.next]).toEqual([null, null]);
    const refused = await deleteSecret(fabric.scope("admin", "secret:delete:own"), { secretId });
    expect(refused).toMatchObject({
      code: "in_use",
      fieldErrors: { users: `${names.slice(0, 20).join(", ")} and 32 more` },
    });
  });

  test("includes the SQL warehouse", async () => {
    const { warehouse } = await listConnections(list(), connectionListQuery.parse({}));
    const secret = warehouse?.connection?.references[0]?.secretId;
    expect(secret).toBeTypeOf("string");
    const { connections } = await listConnections(list(), connectionListQuery.parse({ secret }));
    expect(connections.map(({ id }) => id)).toEqual([warehouse?.connection?.id]);
  });
});

describe("a connection whose secret may not be sent to its destination", () => {
  const destination = "postgres://db.example.com:5432?tls=verify-full";
  const of = async (id: string) => (await getConnection(list(), id)).notAllowed;

  test("reports since when: the latest of value, destination and removal", async () => {
    const secretId = await addSecret();
    const id = await addConnection("waits", secretId);
    const { placedAt } = await owner.connection.findUniqueOrThrow({ where: { id } });
    const { name } = await owner.secret.findUniqueOrThrow({ where: { id: secretId } });
    expect(await of(id)).toEqual({ since: placedAt, sent: [{ secret: name, destinations: [destination] }] });
    const { connections } = await listConnections(list(), connectionListQuery.parse({ search: "waits" }));
    expect(connections[0]?.notAllowed?.since).toEqual(placedAt);

    const at = new Date(Date.now() + 60_000);
    const key = { secretId, version: 1, fabricId: fabric.fabricId };
    await owner.settledVersion.create({ data: { ...key, removedAt: at } });
    expect((await of(id))?.since).toEqual(at);
    await owner.allowedDestination.create({
      data: { ...key, destination, createdById: "x", createdByName: "x" },
    });
    expect(await of(id)).toBeNull();

    // The description is not a destination, so editing it does not change the time.
    const edit = { connectionId: id, name: "waits", description: "new", properties: properties(secretId) };
    expect((await updateConnection(write(), edit)).ok).toBe(true);
    expect((await owner.connection.findUniqueOrThrow({ where: { id } })).placedAt).toEqual(placedAt);
    const moved = { ...edit, properties: { ...properties(secretId), server: "db2.example.com" } };
    expect((await updateConnection(write(), moved)).ok).toBe(true);
    const later = (await owner.connection.findUniqueOrThrow({ where: { id } })).placedAt;
    expect(later.getTime()).toBeGreaterThan(placedAt.getTime());
    expect((await of(id))?.sent).toEqual([
      { secret: name, destinations: ["postgres://db2.example.com:5432?tls=verify-full"] },
    ]);
    const rule = { fabricId: fabric.fabricId, rule: "open", updatedByName: "x" };
    await owner.destinationRule.create({ data: rule });
    expect(await of(id)).toBeNull();
    await owner.destinationRule.deleteMany();
  });
});
