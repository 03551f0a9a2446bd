import { afterAll, beforeAll, expect, test } from "vitest";
import { createCandidate } from "@/lib/candidates/mutations";
import { createConnection } from "@/lib/connections/mutations";
import { createConnectionInput } from "@/lib/connections/schema";
import { listConnectionStates } from "@/lib/connections/using";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createSecret } from "@/lib/secrets/mutations";
import { getSecret, listSecrets } from "@/lib/secrets/queries";
import { secretListQuery } from "@/lib/secrets/schema";
import { replaceSecret } from "@/lib/secrets/update";
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

const read = () => fabric.scope("user", "secret:list");
const write = () => fabric.scope("user", "secret:write");
const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000);

async function addText(name: string): Promise<string> {
  const input = { subKind: "text", name, description: "", fields: { value: "v" } } as const;
  const created = await createSecret(write(), input);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

async function replace(secretId: string): Promise<void> {
  const value = { subKind: "text", fields: { value: "w" } } as const;
  const input = { ...value, secretId, expectedVersion: 1, destinationIds: [] };
  if (!(await replaceSecret(write(), input)).ok) throw new Error("It was not replaced.");
}

/** The names in the list with this query, in its order. */
async function names(query: Record<string, string>): Promise<string[]> {
  return (await listSecrets(read(), secretListQuery.parse(query))).secrets.map(({ name }) => name);
}

async function use(secretId: string, idleSince: Date): Promise<void> {
  await owner.secretUse.update({ where: { secretId }, data: { isUsed: true, idleSince } });
}

test("a secret is marked and found while its new value waits, and no longer", async () => {
  const id = await addText("with_new_value");
  const waiting = async () => {
    const { secrets } = await listSecrets(read(), secretListQuery.parse({ state: "new_value" }));
    return secrets.map(({ name, hasNewValue }) => [name, hasNewValue]);
  };
  expect(await waiting()).toEqual([]);
  const value = { subKind: "text", fields: { value: "w" } } as const;
  const input = { ...value, secretId: id, expectedVersion: 1, destinationIds: [] };
  expect(await createCandidate(write(), input)).toMatchObject({ ok: true });
  expect(await waiting()).toEqual([["with_new_value", true]]);
  const all = (await listSecrets(read(), secretListQuery.parse({ search: "with_new_value" }))).secrets;
  expect(all).toMatchObject([{ hasNewValue: true }]);
  // It is outdated.
  await replace(id);
  expect(await waiting()).toEqual([]);
  await owner.secret.delete({ where: { id } });
});

test("a secret is marked and found as failing while its rotation fails", async () => {
  const id = await addText("rotated");
  const { fabricId, admin } = fabric;
  await owner.passwordRotation.create({
    data: {
      ...{ secretId: id, fabricId, connectionId: "c", method: "own", length: 20, alphabet: "symbols" },
      ...{ setById: admin.id, setByName: admin.name },
    },
  });
  const failing = async () => {
    const { secrets } = await listSecrets(read(), secretListQuery.parse({ state: "failing" }));
    return secrets.map(({ name, rotationFails }) => [name, rotationFails]);
  };
  expect(await failing()).toEqual([]);
  await owner.passwordRotation.update({ where: { secretId: id }, data: { failures: 2 } });
  expect(await failing()).toEqual([["rotated", true]]);
  await owner.secret.delete({ where: { id } });
});

test("secrets sort by their last use, those that were never used by their creation; pages meet each once", async () => {
  const [old, recent, never] = [await addText("old"), await addText("recent"), await addText("never")];
  await use(old, daysAgo(2));
  await use(recent, daysAgo(1));
  await owner.secretUse.update({ where: { secretId: never }, data: { idleSince: daysAgo(1.5) } });
  const sorted = ["never", "old", "recent"];
  expect(await names({ sort: "used" })).toEqual(sorted);
  expect(await names({ sort: "used", order: "desc" })).toEqual([...sorted].reverse());
  const paged: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const query = secretListQuery.parse({ sort: "used", ...(after ? { after } : {}) });
    const page: Awaited<ReturnType<typeof listSecrets>> = await listSecrets(read(), query, { limit: 1 });
    paged.push(...page.secrets.map(({ name }) => name));
    after = page.next;
  }
  expect(paged).toEqual(sorted);
  expect((await getSecret(read(), recent)).lastUsedAt?.getDate()).toBe(daysAgo(1).getDate());
  expect((await getSecret(read(), never)).lastUsedAt).toBeNull();
});

test("a secret is unused for 90 days when neither its last use nor its creation is newer", async () => {
  const [usedLongAgo, usedOften, oldAndUnused] = [
    await addText("used 91 days ago".replaceAll(" ", "_")),
    await addText("used_89_days_ago"),
    await addText("created_91_days_ago"),
  ];
  await addText("created_today");
  await use(usedLongAgo, daysAgo(91));
  await use(usedOften, daysAgo(89));
  await owner.secretUse.update({ where: { secretId: oldAndUnused }, data: { idleSince: daysAgo(91) } });
  expect(await names({ state: "unused" })).toEqual(["created_91_days_ago", "used_91_days_ago"]);
  expect(await names({ state: "unused", search: "created" })).toEqual(["created_91_days_ago"]);
  expect(await names({ state: "unused", type: "binary" })).toEqual([]);
});

test("a secret was never replaced while it is at its first version, also if an earlier web replaced it", async () => {
  await addText("first_version");
  await replace(await addText("second_version"));
  const id = await addText("by_earlier_web");
  await replace(id);
  await owner.secret.update({ where: { id }, data: { isReplaced: false } });
  const { isReplaced } = await owner.secret.findFirstOrThrow({ where: { name: "second_version" } });
  expect(isReplaced).toBe(true);
  expect(await names({ state: "never_replaced", search: "_version" })).toEqual(["first_version"]);
  expect(await names({ state: "never_replaced", search: "by_earlier" })).toEqual([]);
});

/** A connection that uses a secret, with its newest check. */
async function addConnection(name: string, secretId: string): Promise<{ id: string; configHash: string }> {
  const input = createConnectionInput.parse({
    kind: "postgres",
    name,
    properties: {
      server: "db.example.com",
      port: "5432",
      database: name,
      username: "etl",
      password: secretId,
    },
  });
  const created = await createConnection(fabric.scope("user", "connection:write"), input);
  if (!created.ok) throw new Error(JSON.stringify(created));
  return owner.connection.findFirstOrThrow({
    where: { fabricId: fabric.fabricId, name },
    select: { id: true, configHash: true },
  });
}

/** As automate stores the result of a failed check. */
async function fail(configHash: string, versions: Record<string, number>, checkedAt = new Date()) {
  const { fabricId } = fabric;
  const check = {
    fabricId,
    configHash,
    code: "rejected_credentials",
    actorId: "automate",
    versions,
    checkedAt,
  };
  await owner.connectionCheck.create({
    data: { ...check, ok: false, durationMs: 5, actorName: "Automate" },
  });
  await owner.failingCheck.upsert({
    where: { fabricId_configHash: { fabricId, configHash } },
    create: check,
    update: check,
  });
}

test("a secret fails while a connection that uses it is Disconnected, and no longer after its value was replaced", async () => {
  const [failing, replaced, resting, healthy] = [
    await addText("f_failing"),
    await addText("f_replaced"),
    await addText("f_resting"),
    await addText("f_healthy"),
  ];
  const two = [await addConnection("one", failing), await addConnection("two", failing)];
  for (const { configHash } of two) await fail(configHash, { [failing]: 1 });
  await fail((await addConnection("three", replaced)).configHash, { [replaced]: 1 });
  await addConnection("five", healthy);
  // A connection is Inactive after a week without use.
  const inactive = await addConnection("four", resting);
  await owner.connection.update({
    where: { id: inactive.id },
    data: { createdAt: daysAgo(9), updatedAt: daysAgo(9) },
  });
  await owner.secretVersion.updateMany({ where: { secretId: resting }, data: { createdAt: daysAgo(9) } });
  await fail(inactive.configHash, { [resting]: 1 }, daysAgo(1));

  expect(await names({ state: "failing" })).toEqual(["f_failing", "f_replaced"]);
  await replace(replaced);
  expect(await names({ state: "failing" })).toEqual(["f_failing"]);
  expect((await getSecret(read(), failing)).failing).toBe(2);
  const states = async (id: string) => (await listConnectionStates(read(), id)).map(({ state }) => state);
  expect(await states(failing)).toEqual(["disconnected", "disconnected"]);
  expect(await states(replaced)).toEqual(["not_tested"]);
  expect(await states(resting)).toEqual(["inactive"]);
  expect(await states(healthy)).toEqual(["not_tested"]);

  // Another secret's check failed before this connection was made with the same settings.
  await fail("h", { [failing]: 1 }, daysAgo(1));
  await owner.connection.update({ where: { id: two[0]?.id ?? "" }, data: { configHash: "h" } });
  expect((await getSecret(read(), failing)).failing).toBe(1);
});
