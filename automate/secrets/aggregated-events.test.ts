import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { aggregate, flushAggregatedEvents, recordRefusal } from "@/automate/secrets/aggregated-events";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";

let owner: Db;
const slowMachine = { timeout: 20_000 };

beforeAll(async () => {
  owner = createDb((await createTestDatabase("automate")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("a stopping automate waits for counts that it is already writing", async () => {
  const id = randomUUID();
  aggregate(id, {
    actor: { kind: "system", id: "automate", name: "Automate" },
    teamId: null,
    fabricId: null,
    action: "secret.refuse",
    object: { kind: "secret", id, name: "Orders" },
  });
  const seen: string[] = [];
  await owner.$transaction(async (locking) => {
    await locking.$executeRaw`LOCK TABLE audit_event IN EXCLUSIVE MODE`;
    // First the timer flushes, then the stop.
    void flushAggregatedEvents();
    void flushAggregatedEvents().then(() => seen.push("stopped"));
    const waiting = () => owner.$queryRaw`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), slowMachine);
    seen.push("written");
  }, slowMachine);
  await vi.waitFor(() => expect(seen).toEqual(["written", "stopped"]), slowMachine);
  expect(await owner.auditEvent.count({ where: { objectId: id } })).toBe(1);
});

test("ten thousand refusals with ever new names write 50 events and one with the count of the others", async () => {
  const actor = { kind: "pipeline", id: randomUUID(), name: "nightly" } as const;
  // Refusals count by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const refuse = (name: string) =>
      recordRefusal(JSON.stringify([actor.id, name]), {
        actor,
        teamId: null,
        fabricId: null,
        action: "secret.refuse",
        object: { kind: "secret", id: "", name },
        details: { code: "not_found" },
      });
    for (let i = 0; i < 10_000; i++) await refuse(`orders_${i}`);
    await refuse("orders_3");
    await flushAggregatedEvents();
  } finally {
    vi.useRealTimers();
  }
  const events = await owner.auditEvent.findMany({ where: { actorId: actor.id }, orderBy: { id: "asc" } });
  const shown = events.map(({ objectName, details }) => [objectName, details]);
  expect(shown).toHaveLength(53);
  expect(shown.slice(0, 2)).toEqual([
    ["orders_0", { code: "not_found" }],
    ["orders_1", { code: "not_found" }],
  ]);
  expect(shown.slice(50)).toEqual(
    expect.arrayContaining([
      ["", { code: "more" }],
      ["", { code: "more", count: 9_949, lastMsAgo: expect.any(Number) }],
      ["orders_3", { code: "not_found", count: 1, lastMsAgo: expect.any(Number) }],
    ]),
  );
});
