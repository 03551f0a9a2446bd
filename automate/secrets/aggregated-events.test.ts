import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { aggregate, flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
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
