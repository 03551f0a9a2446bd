import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createSecret } from "@/lib/secrets/mutations";
import { getSecret, listSecretOptions, listSecrets } from "@/lib/secrets/queries";
import { listReaders } from "@/lib/secrets/readers";
import { secretListQuery } from "@/lib/secrets/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const list = () => fabric.scope("user", "secret:list");

async function addText(name: string): Promise<string> {
  const input = { subKind: "text", name, description: "", fields: { value: "v" } } as const;
  const created = await createSecret(fabric.scope("user", "secret:write"), input);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

async function addReader(
  secretId: string,
  readerName: string,
  daysAgo: number,
  more: { readerId?: string; connection?: string; name?: string } = {},
): Promise<void> {
  const lastReadAt = new Date(Date.now() - daysAgo * 24 * 60 * 60_000);
  const { readerId = readerName, connection = "", name = "" } = more;
  const way = { connection, name, lastVersion: 1, lastReadAt, reads: 5n };
  await owner.secretReader.create({
    data: { secretId, fabricId: fabric.fabricId, readerId, readerName, ...way },
  });
}

test("a list counts the pipelines of the last hundred days for each secret, and names the last read", async () => {
  const [read, unread] = [await addText("read"), await addText("unread")];
  await addReader(read, "nightly", 1, { name: "read" });
  await addReader(read, "nightly", 2, { connection: "Orders" });
  await addReader(read, "nightly", 3, { name: "read", readerId: "another token of that name" });
  await addReader(read, "quarterly", 99, { name: "read" });
  await addReader(read, "gone", 101, { name: "read" });
  await addReader(unread, "gone", 101, { name: "unread" });
  const { secrets } = await listSecrets(list(), secretListQuery.parse({}));
  const day = (at: Date | null) => at && Math.round((Date.now() - at.getTime()) / (24 * 60 * 60_000));
  expect(
    secrets.map(({ name, pipelines, lastReadAt }) => ({ name, pipelines, daysAgo: day(lastReadAt) })),
  ).toEqual([
    { name: "read", pipelines: 3, daysAgo: 1 },
    { name: "unread", pipelines: 0, daysAgo: null },
  ]);
});

test("the picker counts the connections and pipelines that use each secret", async () => {
  const id = await addText("picked");
  await addReader(id, "nightly", 1, { name: "picked" });
  const { options } = await listSecretOptions(list(), { search: "picked", subKinds: ["text"] });
  expect(options).toMatchObject([{ id, usedBy: 0, pipelines: 1 }]);
});

test("another fabric's readers are not listed", async () => {
  const other = await createTestFabric(owner);
  const id = await addText("ours");
  await addReader(id, "nightly", 1, { name: "ours" });
  expect(await listReaders(list(), id)).toHaveLength(1);
  expect(await listReaders(other.scope("admin", "secret:list"), id)).toEqual([]);
});

test("a secret names the readers of the last hundred days, newest first, at most twenty", async () => {
  const id = await addText("many");
  await addReader(id, "gone", 101, { name: "many" });
  await addReader(id, "nightly", 2, { connection: "Orders" });
  await addReader(id, "hourly", 1, { name: "many" });
  expect((await getSecret(list(), id)).readers).toMatchObject([
    { pipeline: "hourly", connection: null, name: "many", version: 1, reads: 5 },
    { pipeline: "nightly", connection: "Orders", name: null, version: 1, reads: 5 },
  ]);
  for (let n = 0; n < 20; n += 1) await addReader(id, `job ${n}`, 0, { name: "many" });
  const names = (await getSecret(list(), id)).readers.map(({ pipeline }) => pipeline);
  expect([names.length, names.includes("nightly")]).toEqual([20, false]);
});
