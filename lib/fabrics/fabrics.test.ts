import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { grantTeam } from "@/lib/access/scope";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createFabric, updateFabric } from "@/lib/fabrics/mutations";
import { getFabric, listDeletedFabrics, listFabrics, listFabricTeams } from "@/lib/fabrics/queries";
import { createFabricInput, fabricListQuery, updateFabricInput } from "@/lib/fabrics/schema";
import { Forbidden, NotFound } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let automate: Server;
let status = 200;
let requests = 0;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  automate = createServer((_request, response) => {
    requests += 1;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      JSON.stringify(status === 200 ? { kid: "k" } : { error: { code: "forbidden", message: "" } }),
    );
  });
  await new Promise<void>((resolve) => automate.listen(0, "127.0.0.1", resolve));
  const { port } = automate.address() as AddressInfo;
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: `http://127.0.0.1:${port}` });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});

beforeEach(async () => {
  status = 200;
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  automate.close();
  await owner.$disconnect();
  await closeDb();
});

const team = () => grantTeam(fabric.admin, "admin", fabric.teamId, "fabric:write");
const input = (name: string) => createFabricInput.parse({ name, provider: "bigquery" });
const list = (query: Record<string, string> = {}) => listFabrics(fabric.user, fabricListQuery.parse(query));

describe("a created fabric", () => {
  test("is stored with its audit event, under the id for which automate created a key", async () => {
    const created = await createFabric(team(), input("Sales"));
    if (!created.ok) throw new Error(created.code);
    const { id } = created.value;
    const events = await owner.auditEvent.findMany({ where: { fabricId: id } });
    expect(events).toMatchObject([
      {
        action: "fabric.create",
        objectId: id,
        objectName: "Sales",
        actorId: fabric.admin.id,
        teamId: fabric.teamId,
      },
    ]);
    expect((await list({ search: "sales" })).fabrics).toMatchObject([
      { id, provider: "bigquery", secrets: 0 },
    ]);
  });

  test("cannot take the name of another fabric in its team, whatever its case, and then requests no key", async () => {
    await createFabric(team(), input("Sales"));
    requests = 0;
    const duplicate = await createFabric(team(), input("sALES"));
    expect(duplicate).toMatchObject({
      ok: false,
      code: "name_taken",
      fieldErrors: { name: expect.any(String) },
    });
    expect(requests).toBe(0);
    const elsewhere = grantTeam(other.admin, "admin", other.teamId, "fabric:write");
    expect((await createFabric(elsewhere, input("Sales"))).ok).toBe(true);
  });

  test("gets its name only once when two people create it concurrently", async () => {
    const results = await Promise.all([1, 2, 3].map(() => createFabric(team(), input("Race"))));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await owner.fabric.count({ where: { teamId: fabric.teamId, nameKey: "race" } })).toBe(1);
  });

  test.each([
    [503, "automate_unavailable"],
    [403, "refused"],
  ])("is not written when automate answers %i", async (answer, code) => {
    status = answer;
    expect(await createFabric(team(), input("Nothing"))).toMatchObject({ ok: false, code });
    expect(await owner.fabric.count({ where: { teamId: fabric.teamId } })).toBe(1);
    expect(await owner.auditEvent.count({ where: { teamId: fabric.teamId } })).toBe(0);
  });

  test("requires an Admin of its team", () => {
    expect(() => grantTeam(fabric.user, "user", fabric.teamId, "fabric:write")).toThrow(Forbidden);
  });
});

describe("an edited fabric", () => {
  const edit = (name: string, description = "") =>
    updateFabric(fabric.scope("admin", "fabric:write"), updateFabricInput.parse({ name, description }));

  test("records each change, and no event when nothing changed", async () => {
    const { name } = await getFabric(fabric.scope("user", "fabric:see"));
    await edit(name);
    expect(await owner.auditEvent.count({ where: { fabricId: fabric.fabricId } })).toBe(0);
    await edit("New name", "Words");
    const events = await owner.auditEvent.findMany({ where: { fabricId: fabric.fabricId } });
    expect(events).toMatchObject([
      { action: "fabric.update", details: { fields: ["name", "description"], from: name, to: "New name" } },
    ]);
    expect(await getFabric(fabric.scope("user", "fabric:see"))).toMatchObject({
      name: "New name",
      description: "Words",
      admins: ["Ada Admin"],
    });
  });

  test("that was deleted after the scope was granted keeps its name free", async () => {
    const scope = fabric.scope("admin", "fabric:write");
    const { fabricId } = fabric;
    const nameKey = "\u007fdeleted";
    const deletion = { requestedById: "a", requestedByName: "A", destroyAt: new Date() };
    await owner.fabric.update({ where: { id: fabricId }, data: { nameKey, deletion: { create: deletion } } });
    await expect(updateFabric(scope, { name: "Taken again" })).rejects.toThrow(NotFound);
    expect(await owner.fabric.findUnique({ where: { id: fabricId } })).toMatchObject({ nameKey });
  });

  test("may change the case of its own name, but not take another fabric's name", async () => {
    await createFabric(team(), input("Taken"));
    expect(await edit("taken ")).toMatchObject({ ok: false, code: "name_taken" });
    expect((await edit("Mine")).ok).toBe(true);
    expect((await edit("MINE")).ok).toBe(true);
  });
});

describe("the list of fabrics", () => {
  test("shows only the fabrics of the person's teams, whatever the query", async () => {
    const own = [fabric.fabricId];
    expect((await list()).fabrics.map(({ id }) => id)).toEqual(own);
    expect((await list({ search: "theirs" })).fabrics).toEqual([]);
    expect(await list({ team: other.teamId })).toMatchObject({ fabrics: [], isEmpty: false });
    expect((await listFabricTeams(fabric.user)).map(({ id, isAdmin }) => ({ id, isAdmin }))).toEqual([
      { id: fabric.teamId, isAdmin: false },
    ]);
  });

  test("leaves out deleted fabrics, which members see apart until they are destroyed", async () => {
    const { fabricId, teamId } = fabric;
    const destroyAt = new Date(Date.now() + 60_000);
    const by = { requestedById: fabric.admin.id, requestedByName: fabric.admin.name };
    await owner.fabricDeletion.create({ data: { fabricId, destroyAt, ...by } });
    expect(await list()).toMatchObject({ fabrics: [], isEmpty: true });
    const row = { id: fabricId, team: { id: teamId }, deletedByName: fabric.admin.name, destroyAt };
    expect(await listDeletedFabrics(fabric.user)).toMatchObject([{ ...row, canRestore: false }]);
    expect(await listDeletedFabrics(fabric.admin)).toMatchObject([
      { ...row, canRestore: true, isBeingDestroyed: false, ownMasterKey: null },
    ]);
    expect(await listDeletedFabrics(other.admin)).toEqual([]);
    const masterKeyId = "acme";
    await owner.fabricMasterKey.create({
      data: { fabricId, masterKeyId, chosenById: "a", chosenByName: "A" },
    });
    await owner.fabricDeletion.update({ where: { fabricId }, data: { destroyAt: new Date(0) } });
    expect(await listDeletedFabrics(fabric.admin)).toMatchObject([
      { isBeingDestroyed: true, ownMasterKey: "acme" },
    ]);
  });

  test("counts existing secrets and connections", async () => {
    const by = { createdById: "u", createdByName: "U", updatedById: "u", updatedByName: "U" };
    const { fabricId } = fabric;
    for (const [name, deletedAt] of [
      ["a", null],
      ["b", new Date()],
    ] as const)
      await owner.secret.create({
        data: { id: uuidv7(), fabricId, name, nameKey: name, subKind: "text", deletedAt, ...by },
      });
    expect((await list()).fabrics).toMatchObject([{ secrets: 1, connections: 0 }]);
  });

  test("pages forwards and backwards without loss or repetition while fabrics are added", async () => {
    await addFabrics(120, "m");
    const first = await list();
    expect(first.fabrics).toHaveLength(50);
    await addFabrics(5, "a");
    const second = await list({ after: first.next ?? "" });
    const third = await list({ after: second.next ?? "" });
    const seen = [first, second, third].flatMap((page) => page.fabrics.map(({ id }) => id));
    expect(new Set(seen).size).toBe(121);
    expect(third.next).toBeNull();
    const back = await list({ before: third.previous ?? "" });
    expect(back.fabrics.map(({ id }) => id)).toEqual(second.fabrics.map(({ id }) => id));
  });

  test("starts at the first page for an invalid cursor", async () => {
    const page = await list({ after: "not-a-cursor" });
    expect(page).toMatchObject({ fabrics: [{ id: fabric.fabricId }], previous: null });
  });
});

async function addFabrics(count: number, prefix: string) {
  const { teamId } = fabric;
  await owner.fabric.createMany({
    data: Array.from({ length: count }, (_, index) => {
      const name = `${prefix}${String(index).padStart(3, "0")}`;
      return {
        id: uuidv7(),
        teamId,
        name,
        nameKey: name,
        provider: "none",
        createdById: "u",
        createdByName: "U",
      };
    }),
  });
}
