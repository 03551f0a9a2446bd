import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findActivityObject, listActivity, listActivityActors } from "@/lib/activity/queries";
import { record } from "@/lib/audit/record";
import {
  type ActivityPage,
  type AuditAction,
  activityFilter,
  auditActions,
  eventKinds,
} from "@/lib/audit/schema";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const scope = () => fabric.scope("user", "activity:list");
const list = (filter: Record<string, string> = {}) => listActivity(scope(), activityFilter.parse(filter));
const names = ({ events }: ActivityPage) => events.map(({ objectName }) => objectName);

async function add(where: TestFabric, action: AuditAction, name: string, change: Partial<Event> = {}) {
  const { fabricId, teamId, user } = where;
  const kind = change.kind ?? "secret";
  const object = { kind, id: change.id ?? name, name };
  await record(db, {
    actor: change.actor ?? user,
    teamId,
    fabricId,
    action,
    object,
    ...(change.details ? { details: change.details } : {}),
  });
}
type Event = {
  kind: "secret" | "connection" | "token";
  id: string;
  actor: { kind: "user" | "pipeline"; id: string; name: string };
  details: Record<string, string | number>;
};

describe("Activity", () => {
  test("shows only the events of its fabric, newest first", async () => {
    await add(fabric, "secret.create", "a");
    await add(other, "secret.create", "theirs");
    await add(fabric, "secret.replace", "b");
    expect(names(await list())).toEqual(["b", "a"]);
    expect((await list({ object: "theirs" })).events).toEqual([]);
    expect(await findActivityObject(scope(), "theirs")).toBeNull();
  });

  test("filters by actor, object, object type and event type", async () => {
    const pipeline = { kind: "pipeline", id: "p1", name: "nightly" } as const;
    await add(fabric, "secret.create", "a");
    await add(fabric, "secret.use", "a", { actor: pipeline });
    await add(fabric, "connection.create", "c", { kind: "connection" });
    expect(names(await list({ actor: "p1" }))).toEqual(["a"]);
    expect(names(await list({ object: "a" }))).toEqual(["a", "a"]);
    expect(names(await list({ kind: "connection" }))).toEqual(["c"]);
    expect(names(await list({ event: "created", kind: "secret" }))).toEqual(["a"]);
    expect(names(await list({ kind: "nonsense", event: "toString" }))).toEqual(["c", "a", "a"]);
  });

  test("shows only details that its allow-list names", async () => {
    await add(fabric, "secret.use", "a", { details: { purpose: "pipeline", version: 3, value: "hunter2" } });
    const [event] = (await list()).events;
    expect(event?.details).toEqual({ purpose: "pipeline", version: 3 });
  });

  test("finds the checks of a saved connection, which automate records by name", async () => {
    const id = uuidv7();
    const by = { createdById: "u", createdByName: "U", updatedById: "u", updatedByName: "U" };
    const row = {
      id,
      name: "Warehouse",
      nameKey: "warehouse",
      kind: "postgres",
      properties: {},
      configHash: "h",
    };
    await owner.connection.create({ data: { ...row, fabricId: fabric.fabricId, ...by } });
    await add(fabric, "connection.create", "Warehouse", { kind: "connection", id });
    await add(fabric, "connection.check", "Warehouse", { kind: "connection", id: "" });
    await add(fabric, "connection.check", "Elsewhere", { kind: "connection", id: "" });
    const { events } = await list({ object: id });
    expect(events.map(({ action }) => action)).toEqual(["connection.check", "connection.create"]);
    expect(events.every(({ objectId, isThere }) => objectId === id && isThere)).toBe(true);
    expect((await list()).events[0]).toMatchObject({ objectName: "Elsewhere", isThere: false });
  });

  test("pages to older and newer events without loss or repetition while others are added", async () => {
    await addMany(120);
    const first = await list();
    await addMany(7);
    const second = await list({ before: first.older ?? "" });
    const third = await list({ before: second.older ?? "" });
    const ids = [first, second, third].flatMap(({ events }) => events.map(({ id }) => id));
    expect(new Set(ids).size).toBe(120);
    expect(third.older).toBeNull();
    const newer = await list({ after: third.newer ?? "" });
    expect(newer.events.map(({ id }) => id)).toEqual(second.events.map(({ id }) => id));
    const newest = await list({ after: newer.newer ?? "" });
    expect(newest.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id));
    expect(newest.newer).not.toBeNull();
  });

  test("offers the members, and a former member when the caller asks for one", async () => {
    await add(fabric, "secret.create", "a", { actor: { kind: "user", id: "gone", name: "Gone" } });
    const offered = await listActivityActors(scope(), "gone");
    expect(offered.map(({ name }) => name)).toEqual(["Ada Admin", "Uri User", "Automate", "Gone"]);
    const theirs = await listActivityActors(scope(), other.user.id);
    expect(theirs.map(({ id }) => id)).not.toContain(other.user.id);
  });
});

test("assigns each action in a fabric to exactly one event type", () => {
  const grouped = Object.values(eventKinds).flatMap(({ actions }) => actions as readonly AuditAction[]);
  const elsewhere = /^(team|user|session|access_token|master_key|backup|drill)\./;
  const inFabric = Object.keys(auditActions).filter((action) => !elsewhere.test(action));
  expect([...grouped].sort()).toEqual(inFabric.sort());
});

async function addMany(count: number) {
  const { fabricId, teamId, user } = fabric;
  const entry = { actor: user, teamId, fabricId, action: "secret.create" as const };
  await record(
    db,
    ...Array.from({ length: count }, (_, i) => ({
      ...entry,
      object: { kind: "secret" as const, id: `${i}`, name: `${i}` },
    })),
  );
}
