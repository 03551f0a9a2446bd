import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTeam } from "@/lib/access/scope";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { getMember } from "@/lib/members/queries";
import { getPipeline, listReadsThrough } from "@/lib/pipelines/queries";
import { NotFound } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
const day = 24 * 60 * 60_000;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  await owner.pipelineToken.create({
    data: { id: "token", fabricId: fabric.fabricId, name: "nightly", tokenHash: "h", ...by().created },
  });
  for (const id of ["orders", "deleted"]) await addSecret(id, fabric.fabricId);
  await owner.secret.update({ where: { id: "deleted" }, data: { deletedAt: new Date() } });
  await owner.connection.create({
    data: {
      id: "c",
      fabricId: fabric.fabricId,
      name: "Old",
      nameKey: "old",
      kind: "postgres",
      properties: {},
      configHash: "c",
      ...by().all,
    },
  });
  await owner.connectionSecret.create({
    data: { connectionId: "c", field: "password", secretId: "orders", fabricId: fabric.fabricId },
  });
  await addRead({ secretId: "orders", name: "orders" }, 1);
  await addRead({ secretId: "deleted", name: "deleted" }, 2);
  await addRead({ secretId: "orders", name: "former" }, 101);
  await addRead({ secretId: "orders", connection: "Old", connectionId: "c" }, 3);
  // An earlier version of automate stored no id.
  await addRead({ secretId: "orders", connection: "New", readerName: "earlier" }, 4);
  await addRead({ secretId: "orders", connection: "Another", connectionId: "d" }, 5);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

function by({ user } = fabric) {
  const created = { createdById: user.id, createdByName: user.name };
  return { created, all: { ...created, updatedById: user.id, updatedByName: user.name } };
}

async function addSecret(id: string, fabricId: string): Promise<void> {
  await owner.secret.create({
    data: { id, fabricId, name: id, nameKey: id, subKind: "text", ...by().all },
  });
  await owner.secretVersion.create({
    data: { secretId: id, version: 2, fabricId, manifest: { value: 2 }, metadata: {}, ...by().created },
  });
}

async function addRead(
  way: { secretId: string; name?: string; connection?: string; connectionId?: string; readerName?: string },
  daysAgo: number,
): Promise<void> {
  const reader = {
    fabricId: fabric.fabricId,
    readerId: "token",
    readerName: "nightly",
    name: "",
    connection: "",
  };
  const lastReadAt = new Date(Date.now() - daysAgo * day);
  await owner.secretReader.create({ data: { ...reader, ...way, lastVersion: 1, reads: 4n, lastReadAt } });
}

const tokens = (of = fabric) => of.scope("user", "token:list");

test("a pipeline lists what it read in the last hundred days, newest first, with the current version; deleted secrets are counted", async () => {
  const { name, kind, reads, count, secrets, deletedSecrets } = await getPipeline(tokens(), "token");
  expect({ name, kind, count, secrets, deletedSecrets }).toEqual({
    name: "nightly",
    kind: "token",
    count: 4,
    secrets: 1,
    deletedSecrets: 1,
  });
  expect(reads.map((read) => read.name ?? `through ${read.connection}`)).toEqual([
    "orders",
    "through Old",
    "through New",
    "through Another",
  ]);
  expect(reads[0]).toMatchObject({ secretName: "orders", version: 1, currentVersion: 2 });
});

test("another fabric's pipeline, and one that nobody knows, is not found", async () => {
  await expect(getPipeline(tokens(other), "token")).rejects.toThrow(NotFound);
  await expect(getPipeline(tokens(), "nobody")).rejects.toThrow(NotFound);
});

test("of an issuer that is no longer trusted, the reads remain", async () => {
  const issuer = { readerId: "gone", readerName: "CI: repo:ours", name: "orders", connection: "" };
  const { fabricId } = fabric;
  await owner.secretReader.create({
    data: { ...issuer, secretId: "orders", fabricId, lastVersion: 2, reads: 1n, lastReadAt: new Date() },
  });
  expect(await getPipeline(tokens(), "gone")).toMatchObject({ name: "CI", kind: "removed", count: 1 });
});

test("a renamed connection keeps its readers; a reader of an earlier version is found by the connection's name", async () => {
  await owner.connection.update({ where: { id: "c" }, data: { name: "New", nameKey: "new" } });
  const reads = await listReadsThrough(fabric.scope("user", "connection:list"), "c");
  expect(reads.map(({ pipeline }) => pipeline)).toEqual(["nightly", "earlier"]);
  expect(await listReadsThrough(other.scope("user", "connection:list"), "c")).toEqual([]);
});

test("a member's page names what they created in fabrics of the team, and counts what is in deleted ones", async () => {
  const { teamId, user } = fabric;
  const scope = grantTeam(user, "user", teamId, "team:see");
  // The person is a member of another team, too, and created a secret there.
  await owner.membership.create({ data: { teamId: other.teamId, userId: user.id, role: "user" } });
  await addSecret("elsewhere", other.fabricId);
  const names = (things: { newest: readonly { name: string }[] }) => things.newest.map(({ name }) => name);
  const before = await getMember(scope, user.id);
  expect([names(before.secrets), names(before.connections), names(before.pipelineTokens)]).toEqual([
    ["orders"],
    ["New"],
    ["nightly"],
  ]);
  expect(names(before.usedSecrets)).toEqual(["orders"]);
  const { id: requestedById, name: requestedByName } = fabric.admin;
  await owner.fabricDeletion.create({
    data: {
      fabricId: fabric.fabricId,
      requestedById,
      requestedByName,
      destroyAt: new Date(Date.now() + day),
    },
  });
  const after = await getMember(scope, user.id);
  expect(after.secrets).toEqual({ newest: [], count: 0, inDeletedFabrics: 1 });
  expect(after.fabrics).toEqual([]);
  await expect(getMember(scope, other.admin.id)).rejects.toThrow(NotFound);
});
