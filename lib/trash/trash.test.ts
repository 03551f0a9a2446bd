import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createConnection, deleteConnection } from "@/lib/connections/mutations";
import { getConnection } from "@/lib/connections/queries";
import { restoreConnection } from "@/lib/connections/trash";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden, NotFound } from "@/lib/result";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { getSecret, listSecrets } from "@/lib/secrets/queries";
import { restoreSecret } from "@/lib/secrets/restore";
import { secretListQuery } from "@/lib/secrets/schema";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import { countTrash, listTrash } from "@/lib/trash/queries";
import { trashQuery } from "@/lib/trash/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

type Person = "user" | "admin";
let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = (role: Person = "user") => fabric.scope(role, "secret:write");
const list = (role: Person = "user") => fabric.scope(role, "secret:list");
const trash = async (role: Person = "user", query: Record<string, string> = {}) =>
  listTrash(fabric.scope(role, "trash:list"), trashQuery.parse(query));
const remove = (secretId: string, role: Person = "user") =>
  deleteSecret(fabric.scope(role, "secret:delete:own"), { secretId });
const restore = (secretId: string, { by = "user" as Person, name }: { by?: Person; name?: string } = {}) =>
  restoreSecret(fabric.scope(by, "secret:restore:own"), { secretId, name });

async function add(name: string, by: Person = "user") {
  return createSecret(write(by), { subKind: "text", name, description: "", fields: { value: "v" } });
}

async function addSecret(name: string, by: Person = "user"): Promise<string> {
  const created = await add(name, by);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

async function addConnection(name: string, password: string): Promise<string> {
  const created = await createConnection(fabric.scope("user", "connection:write"), {
    kind: "postgres",
    name,
    description: "Orders",
    properties: { server: "db.test.example", port: 5432, database: "d", username: "u", password },
  });
  if (!created.ok) throw new Error(JSON.stringify(created));
  return created.value.id;
}

const removeConnection = (connectionId: string) =>
  deleteConnection(fabric.scope("user", "connection:write"), { connectionId });
const restoreIt = (connectionId: string, name?: string) =>
  restoreConnection(fabric.scope("user", "connection:write"), { connectionId, name });

describe("a deleted secret", () => {
  test("is in the trash only, with who deleted it and when it is purged", async () => {
    const id = await addSecret("warehouse");
    await remove(id, "admin");
    await expect(getSecret(list(), id)).rejects.toThrow(NotFound);
    expect((await listSecrets(list(), secretListQuery.parse({}))).secrets).toEqual([]);
    const { items } = await trash("admin");
    const row = { type: "secret", id, name: "warehouse", kind: "text", deletedByName: fabric.admin.name };
    expect(items).toMatchObject([{ ...row, isNameTaken: false, isBeingPurged: false, canRestore: true }]);
    const [{ deletedAt, purgeAt }] = items as [(typeof items)[0]];
    expect(purgeAt.getTime() - deletedAt.getTime()).toBe(7 * 86_400_000);
    expect(Math.abs(Date.now() - deletedAt.getTime())).toBeLessThan(60_000);
  });

  test("comes back with its versions, destinations and former names", async () => {
    const id = await addSecret("before");
    await renameSecret(write(), { secretId: id, name: "after" });
    await replaceSecret(write(), {
      ...{ subKind: "text", secretId: id, expectedVersion: 1, destinationIds: [] },
      fields: { value: "second" },
    });
    const by = { createdById: fabric.user.id, createdByName: fabric.user.name };
    const allowed = { destination: "postgres://db.test.example:5432", version: 2 };
    await owner.allowedDestination.create({
      data: { ...allowed, secretId: id, fabricId: fabric.fabricId, ...by },
    });
    const { updatedAt: _, ...former } = await getSecret(list(), id);
    await remove(id);
    expect(await restore(id)).toEqual({ ok: true, value: { id, name: "after" } });
    const { updatedAt: __, ...now } = await getSecret(list(), id);
    expect(now).toEqual(former);
    expect(now.formerNames.map(({ name }) => name)).toEqual(["before"]);
    expect(await countTrash(fabric.scope("user", "trash:list"))).toBe(0);
    const events = await owner.auditEvent.findMany({ where: { objectId: id }, orderBy: { id: "asc" } });
    expect(events.map(({ action }) => action).slice(-2)).toEqual(["secret.delete", "secret.restore"]);
  });

  // Who created it, who deleted it, who restores it, and whether they may.
  test.each<[Person, Person, Person, boolean]>([
    ["user", "user", "user", true],
    ["user", "user", "admin", true],
    ["user", "admin", "user", false],
    ["user", "admin", "admin", true],
    ["admin", "admin", "user", false],
    ["admin", "admin", "admin", true],
  ])(
    "of the %s, deleted by the %s, restored by the %s: %s",
    async (creator, deleter, restorer, mayRestore) => {
      const id = await addSecret("s", creator);
      await remove(id, deleter);
      expect((await trash(restorer)).items[0]?.canRestore).toBe(mayRestore);
      const attempt = restore(id, { by: restorer });
      if (mayRestore) expect((await attempt).ok).toBe(true);
      else await expect(attempt).rejects.toThrow(Forbidden);
      expect((await trash()).items).toHaveLength(mayRestore ? 0 : 1);
    },
  );

  // Who created the deleted one, and who wants its name.
  test.each<[Person, Person, boolean]>([
    ["user", "user", true],
    ["user", "admin", true],
    ["admin", "admin", true],
    ["admin", "user", false],
  ])("of the %s gives its names to the %s: %s", async (creator, taker, isFree) => {
    const id = await addSecret("Former", creator);
    await renameSecret(write(creator), { secretId: id, name: "Current" });
    await remove(id, "admin");
    const renamed = await addSecret("other", taker);
    const taken = [
      await add("current", taker),
      await renameSecret(write(taker), { secretId: renamed, name: "former" }),
    ];
    expect(taken.map(({ ok }) => ok)).toEqual([isFree, isFree]);
    const refusal = {
      code: "name_taken",
      fieldErrors: { name: expect.stringMatching(/in the trash\. Ada Admin, who created it, or an Admin/) },
    };
    if (!isFree) expect(taken).toMatchObject([refusal, refusal]);
  });

  test("whose name is taken is restored under another name, and under it alone", async () => {
    const id = await addSecret("warehouse");
    await remove(id);
    const taker = await addSecret("WAREHOUSE");
    expect((await trash()).items).toMatchObject([{ id, isNameTaken: true }]);
    expect(await restore(id)).toMatchObject({ ok: false, code: "name_taken" });
    expect((await trash()).items).toHaveLength(1);
    expect(await restore(id, { name: "warehouse_2" })).toMatchObject({ ok: true });
    expect(await getSecret(list(), id)).toMatchObject({ name: "warehouse_2", formerNames: [] });
    expect(await getSecret(list(), taker)).toMatchObject({ name: "WAREHOUSE" });
  });

  test("restored under another name answers by its former name, too", async () => {
    const id = await addSecret("warehouse");
    await remove(id);
    await restore(id, { name: "warehouse_2" });
    expect((await getSecret(list(), id)).formerNames.map(({ name }) => name)).toEqual(["warehouse"]);
  });

  test("of two restores, one wins; another fabric's person finds nothing", async () => {
    const id = await addSecret("once");
    await remove(id);
    const other = await createTestFabric(owner, "theirs");
    const theirs = other.scope("admin", "secret:restore:own");
    await expect(restoreSecret(theirs, { secretId: id })).rejects.toThrow(NotFound);
    const attempts = await Promise.allSettled([restore(id), restore(id, { by: "admin" })]);
    expect(attempts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await getSecret(list(), id)).name).toBe("once");
  });
});

test("a new secret waits for a restore of the one that has its name, and does not take the name from it", async () => {
  const id = await addSecret("raced", "admin");
  await remove(id, "admin");
  let created: ReturnType<typeof add> | undefined;
  await owner.$transaction(
    async (tx) => {
      // What a restore has done just before its commit.
      await tx.trashedSecret.delete({ where: { secretId: id } });
      await tx.secret.update({ where: { id }, data: { deletedAt: null } });
      await tx.secretName.updateMany({ where: { secretId: id }, data: { retiredAt: null } });
      created = add("raced", "admin");
      const waiting = () => tx.$queryRaw<unknown[]>`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await waiting()).length, { timeout: 10_000 }).toBe(1);
    },
    { timeout: 20_000 },
  );
  expect(await created).toMatchObject({ ok: false, code: "name_taken" });
  expect(await owner.secretName.findMany({ where: { secretId: id } })).toHaveLength(1);
});

describe("a deleted connection", () => {
  test("comes back with its settings, its references and its id, which tokens are limited to", async () => {
    const password = await addSecret("password");
    const id = await addConnection("Orders", password);
    const reader = fabric.scope("user", "connection:list");
    const { updatedAt: _, ...former } = await getConnection(reader, id);
    await removeConnection(id);
    await expect(getConnection(reader, id)).rejects.toThrow(NotFound);
    expect((await trash()).items).toMatchObject([{ type: "connection", id, kind: "postgres", waitsFor: [] }]);
    expect(await restoreIt(id)).toEqual({ ok: true, value: { id, name: "Orders" } });
    const { updatedAt: __, ...now } = await getConnection(reader, id);
    expect(now).toEqual(former);
    const events = await owner.auditEvent.findMany({ where: { objectId: id }, orderBy: { id: "asc" } });
    expect(events.map(({ action }) => action)).toEqual([
      "connection.create",
      "connection.delete",
      "connection.restore",
    ]);
  });

  test("waits for its secrets that are in the trash, too, and names them", async () => {
    const password = await addSecret("password");
    const id = await addConnection("Orders", password);
    expect(await remove(password)).toMatchObject({ ok: false, code: "in_use" });
    await removeConnection(id);
    expect((await remove(password)).ok).toBe(true);
    const [newest, oldest] = (await trash()).items;
    expect([newest?.type, oldest?.waitsFor]).toEqual(["secret", ["password"]]);
    const refused = { ok: false, code: "secret_in_trash", fieldErrors: { secrets: "password" } };
    expect(await restoreIt(id)).toEqual(refused);
    await restore(password);
    expect((await restoreIt(id)).ok).toBe(true);
    expect((await getSecret(list(), password)).connections).toMatchObject([{ name: "Orders" }]);
  });

  test("frees its name, and is restored under another one", async () => {
    const password = await addSecret("password");
    const id = await addConnection("Orders", password);
    await removeConnection(id);
    await addConnection("orders", password);
    expect((await trash()).items).toMatchObject([{ id, isNameTaken: true }]);
    expect(await restoreIt(id)).toMatchObject({ ok: false, code: "name_taken" });
    expect(await restoreIt(id, "Orders 2")).toMatchObject({ ok: true });
    expect((await getSecret(list(), password)).usedBy).toBe(2);
  });

  test("is the SQL warehouse again, unless the fabric has another one", async () => {
    const { fabricId } = fabric;
    const [first, second] = [
      await addConnection("First", await addSecret("a")),
      await addConnection("Second", await addSecret("b")),
    ];
    const warehouse = async () =>
      (await owner.connection.findUnique({ where: { warehouseOf: fabricId } }))?.name ?? null;
    await owner.connection.update({ where: { id: first }, data: { warehouseOf: fabricId } });
    await removeConnection(first);
    await restoreIt(first);
    expect(await warehouse()).toBe("First");
    await removeConnection(first);
    await owner.connection.update({ where: { id: second }, data: { warehouseOf: fabricId } });
    expect(await restoreIt(first)).toMatchObject({ ok: true });
    expect(await warehouse()).toBe("Second");
  });
});

test("the trash is listed in pages, the newest first, by type and by name", async () => {
  const names = ["one", "two", "three_100%", "four", "five"];
  for (const name of names) await remove(await addSecret(name.replace("%", "")));
  await removeConnection(await addConnection("A connection", await addSecret("used")));
  const scope = fabric.scope("user", "trash:list");
  const page = async (cursor: { after?: string; before?: string } = {}) => {
    const { items, ...cursors } = await listTrash(scope, { search: "", ...cursor }, { limit: 2 });
    return { names: items.map(({ name }) => name), ...cursors };
  };
  const first = await page();
  const second = await page({ after: first.next ?? "" });
  const third = await page({ after: second.next ?? "" });
  expect([first, second, third].map((one) => one.names)).toEqual([
    ["A connection", "five"],
    ["four", "three_100"],
    ["two", "one"],
  ]);
  expect([first.previous, third.next]).toEqual([null, null]);
  expect((await page({ before: third.previous ?? "" })).names).toEqual(second.names);
  const found = async (query: Record<string, string>) =>
    (await trash("user", query)).items.map(({ name }) => name);
  expect(await found({ type: "connection" })).toEqual(["A connection"]);
  expect(await found({ search: "T" })).toEqual(["A connection", "three_100", "two"]);
  expect(await found({ search: "%" })).toEqual([]);
  expect(await found({ after: "broken" })).toHaveLength(6);
});
