import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { purge } from "@/automate/purge";
import { deadCheckDays, endedTokenDays } from "@/automate/purge-ended";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

test("pipeline tokens that ended long ago are deleted, and no working one", async () => {
  const { fabricId } = fabric;
  const by = { createdById: "a", createdByName: "Ada", createdAt: daysAgo(900) };
  const token = (name: string, change: object) =>
    owner.pipelineToken.create({ data: { fabricId, name, tokenHash: uuidv7(), ...by, ...change } });
  await token("works", {});
  await token("revoked long ago", { revokedAt: daysAgo(endedTokenDays + 1) });
  await token("revoked", { revokedAt: daysAgo(endedTokenDays - 1) });
  await token("expired long ago", { expiresAt: daysAgo(endedTokenDays + 1) });
  await token("expired", { expiresAt: daysAgo(endedTokenDays - 1) });
  await purge();
  const left = await owner.pipelineToken.findMany({ where: { fabricId }, orderBy: { name: "asc" } });
  expect(left.map(({ name }) => name)).toEqual(["expired", "revoked", "works"]);
});

test("old results of settings that no connection has are deleted, but not of one in the trash", async () => {
  const { fabricId } = fabric;
  const by = { createdById: "a", createdByName: "A", updatedById: "a", updatedByName: "A" };
  const row = { id: uuidv7(), fabricId, name: "Orders", nameKey: "orders", kind: "postgres", properties: {} };
  await owner.connection.create({ data: { ...row, configHash: "saved", ...by } });
  const trashed = { ...row, id: uuidv7(), placedAt: new Date(), createdAt: new Date() };
  await owner.trashedConnection.create({
    data: {
      ...trashed,
      configHash: "trashed",
      createdById: "a",
      createdByName: "A",
      deletedById: "a",
      deletedByName: "A",
    },
  });
  for (const configHash of ["saved", "trashed", "gone"])
    for (const days of [deadCheckDays - 1, deadCheckDays + 1]) {
      const result = { ok: days > deadCheckDays, durationMs: 1, actorId: "automate", actorName: "Automate" };
      await owner.connectionCheck.create({
        data: { fabricId, configHash, ...result, checkedAt: daysAgo(days) },
      });
    }
  await purge();
  const left = await owner.connectionCheck.groupBy({ by: ["configHash"], where: { fabricId }, _count: true });
  const counts = Object.fromEntries(left.map(({ configHash, _count }) => [configHash, _count]));
  expect(counts).toEqual({ saved: 2, trashed: 2, gone: 1 });
});
