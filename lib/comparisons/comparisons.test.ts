import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { compareFabrics, listComparedPipelines } from "@/lib/comparisons/queries";
import { type ComparisonInput, comparisonInput, maxDifferences } from "@/lib/comparisons/schema";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { importRows } from "@/lib/imports/mutations";
import { importInput } from "@/lib/imports/schema";
import { NotFound } from "@/lib/result";
import { renameSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let dev: TestFabric;
let test1: TestFabric;
let prod: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  dev = await createTestFabric(owner, "dev");
  test1 = await createTestFabric(owner, "test");
  prod = await createTestFabric(owner, "prod");
  for (const { teamId } of [test1, prod])
    await owner.membership.create({ data: { teamId, userId: dev.user.id, role: "user" } });
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const text = (name: string) => ({ subKind: "text", name, fields: { value: "v" } });
const login = (name: string) => ({
  subKind: "username_password",
  name,
  fields: { username: "u", password: "p" },
});
const api = (name: string, kind = "restapi") => ({
  name,
  kind,
  properties: { baseUrl: "https://x.example" },
  secretNames: {},
});

async function fill(fabric: TestFabric, secrets: unknown[], connections: unknown[] = []): Promise<void> {
  const result = await importRows(
    fabric.scope("user", "secret:write"),
    importInput.parse({ secrets, connections }),
  );
  if (!result.ok) throw new Error(JSON.stringify(result));
}

const compare = (input: Partial<ComparisonInput>) =>
  compareFabrics(dev.scope("user", "secret:list"), comparisonInput.parse(input));
const here = (type: string, isFormer = false) => ({ type, isFormer });

test("each name that a fabric lacks, or has with another type, is named; case and former names do not matter", async () => {
  await fill(
    dev,
    [text("Same"), text("missing"), text("typed"), text("renamed")],
    [api("Orders"), api("Old")],
  );
  await fill(
    test1,
    [text("SAME"), text("missing"), login("typed"), text("renamed")],
    [api("orders"), api("old")],
  );
  await fill(prod, [text("same"), text("typed"), text("renamed")], [api("Orders")]);
  const { id } = await owner.secret.findFirstOrThrow({ where: { name: "renamed", fabricId: prod.fabricId } });
  await renameSecret(prod.scope("user", "secret:write"), { secretId: id, name: "new_name" });
  const result = await compare({ with: [test1.fabricId, prod.fabricId] });
  expect(result.fabrics.map(({ id: one }) => one)).toEqual([test1.fabricId, prod.fabricId]);
  expect([result.names, result.different]).toEqual([6, 3]);
  expect(result.differences).toEqual([
    { noun: "secret", name: "missing", expected: "text", found: [here("text"), null] },
    { noun: "secret", name: "typed", expected: "text", found: [here("username_password"), here("text")] },
    { noun: "connection", name: "Old", expected: "restapi", found: [here("restapi"), null] },
  ]);
});

test("a list of names is looked for in the fabric itself, too", async () => {
  await fill(dev, [text("a")]);
  await fill(prod, [text("b")]);
  const result = await compare({ with: [prod.fabricId], names: ["A", "a", "b", "c"] });
  expect([result.names, result.different]).toEqual([3, 3]);
  expect(
    result.differences.map(({ name, expected, found }) => [name.toLowerCase(), expected, found]),
  ).toEqual([
    ["a", "text", [here("text"), null]],
    ["b", null, [null, here("text")]],
    ["c", null, [null, null]],
  ]);
  expect(await compare({ names: ["a"] })).toMatchObject({ names: 1, different: 0, differences: [] });
});

test("the names of a pipeline are those by which it reads secrets and connections here", async () => {
  await fill(dev, [text("read"), text("unread"), text("inside")], [api("Orders")]);
  const idOf = async (name: string) =>
    (await owner.secret.findFirstOrThrow({ where: { name, fabricId: dev.fabricId } })).id;
  const row = { readerId: "t1", readerName: "nightly", fabricId: dev.fabricId, lastVersion: 1, reads: 1 };
  const lastReadAt = new Date();
  await owner.secretReader.createMany({
    data: [
      { ...row, lastReadAt, secretId: await idOf("read"), connection: "", name: "former_name" },
      { ...row, lastReadAt, secretId: await idOf("inside"), connection: "Orders", name: "" },
      {
        ...row,
        lastReadAt,
        readerName: "other",
        secretId: await idOf("unread"),
        connection: "",
        name: "unread",
      },
    ],
  });
  expect(await listComparedPipelines(dev.scope("user", "secret:list"))).toEqual(["nightly", "other"]);
  const { differences } = await compare({ with: [prod.fabricId], pipeline: "nightly" });
  expect(differences).toEqual([
    { noun: "secret", name: "former_name", expected: "text", found: [null] },
    { noun: "connection", name: "Orders", expected: "restapi", found: [null] },
  ]);
});

test("a fabric of another team is not found, and a deleted secret is missing", async () => {
  const theirs = await createTestFabric(owner, "theirs");
  await expect(compare({ with: [theirs.fabricId] })).rejects.toThrow(NotFound);
  await fill(dev, [text("a")]);
  await fill(prod, [text("a")]);
  await owner.secret.updateMany({ where: { fabricId: prod.fabricId }, data: { deletedAt: new Date() } });
  expect((await compare({ with: [prod.fabricId] })).different).toBe(1);
});

test("many differences are counted, and the first are named", async () => {
  await fill(
    dev,
    Array.from({ length: maxDifferences + 20 }, (_, i) => text(`s${i}`)),
  );
  const { different, differences } = await compare({ with: [prod.fabricId] });
  expect([different, differences.length]).toEqual([maxDifferences + 20, maxDifferences]);
});
