import { afterAll, beforeAll, expect, test } from "vitest";
import { acknowledgeAlarm } from "@/lib/alarms/mutations";
import { listAlarms } from "@/lib/alarms/queries";
import { record } from "@/lib/audit/record";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden, NotFound } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

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

const raise = (at: TestFabric, id: string, field: string) =>
  record(owner, {
    actor: { kind: "pipeline", id: "p", name: "nightly" },
    teamId: at.teamId,
    fabricId: at.fabricId,
    action: "secret.alarm",
    object: { kind: "secret", id, name: `name of ${id}` },
    details: { code: "cannot_open", field, version: 3 },
  });

test("the page shows the last alarm of each secret until an Admin acknowledges it, and shows the next one again", async () => {
  const alarms = async () =>
    (await listAlarms(fabric.scope("admin", "activity:list"))).map(({ secretId, field }) => [
      secretId,
      field,
    ]);
  const acknowledge = (secretId: string) =>
    acknowledgeAlarm(fabric.scope("admin", "alarm:acknowledge"), { secretId });
  expect(await alarms()).toEqual([]);
  await raise(fabric, "a", "password");
  await raise(fabric, "b", "value");
  await raise(fabric, "a", "username");
  await raise(other, "c", "value");
  expect(await alarms()).toEqual([
    ["a", "username"],
    ["b", "value"],
  ]);
  await acknowledge("a");
  expect(await alarms()).toEqual([["b", "value"]]);
  const events = await owner.auditEvent.findMany({ where: { action: "secret.alarm.acknowledge" } });
  expect(events).toMatchObject([
    { objectId: "a", objectName: "name of a", actorId: fabric.admin.id, fabricId: fabric.fabricId },
  ]);
  await raise(fabric, "a", "password");
  expect(await alarms()).toEqual([
    ["a", "password"],
    ["b", "value"],
  ]);
  await expect(acknowledge("c")).rejects.toThrow(NotFound);
  expect(() => fabric.scope("user", "alarm:acknowledge")).toThrow(Forbidden);
});

test("an acknowledged alarm stays acknowledged when automate records its last count later, and a new one reappears", async () => {
  const shown = async () =>
    (await listAlarms(fabric.scope("admin", "activity:list"))).filter(({ secretId }) => secretId === "d");
  // Automate counts alarms for a minute, then records the count.
  const recordLate = (lastMsAgo: number) =>
    record(owner, {
      ...{ actor: { kind: "pipeline", id: "p", name: "nightly" }, teamId: fabric.teamId },
      ...{
        fabricId: fabric.fabricId,
        action: "secret.alarm",
        object: { kind: "secret", id: "d", name: "d" },
      },
      details: { code: "cannot_open", field: "value", version: 3, count: 2, lastMsAgo },
    });
  await raise(fabric, "d", "value");
  expect(await shown()).toHaveLength(1);
  await acknowledgeAlarm(fabric.scope("admin", "alarm:acknowledge"), { secretId: "d" });
  await recordLate(30_000);
  expect(await shown()).toEqual([]);
  await recordLate(0);
  const [alarm] = await shown();
  expect(alarm).toBeDefined();
  await recordLate(40_000);
  expect(await shown()).toEqual([alarm]);
});

test("a secret with repeated alarms does not hide the alarm of another", async () => {
  await raise(other, "quiet", "value");
  const noisy = Array.from({ length: 600 }, (_, n) => raise(other, "noisy", `field${n}`));
  await Promise.all(noisy);
  const alarms = await listAlarms(other.scope("admin", "activity:list"));
  expect(alarms.map(({ secretId }) => secretId).sort()).toEqual(["c", "noisy", "quiet"]);
});
