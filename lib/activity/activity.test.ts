import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listActivityActors } from "@/lib/activity/actors";
import { exportHead, exportLine } from "@/lib/activity/export-lines";
import { exportActivity, findActivityObject, listActivity } from "@/lib/activity/queries";
import { record } from "@/lib/audit/record";
import {
  type ActivityPage,
  type AuditAction,
  activityFilter,
  auditActions,
  eventKinds,
  fabricActions,
  isAbout,
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
const theirScope = () => other.scope("user", "activity:list");
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
  actor: Parameters<typeof record>[1]["actor"];
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

  test("of a connection, shows the checks of the chosen person alone, before it was saved, too", async () => {
    const { fabricId, user } = fabric;
    const by = {
      createdById: user.id,
      createdByName: user.name,
      updatedById: user.id,
      updatedByName: user.name,
    };
    const name = { name: "Orders", nameKey: "orders", kind: "restapi" };
    await owner.connection.create({
      data: { id: "c1", fabricId, ...name, properties: {}, configHash: "h", ...by },
    });
    for (const actor of [user, fabric.admin])
      await add(fabric, "connection.check", "Orders", { kind: "connection", id: "", actor });
    const actors = async (filter: Record<string, string>) =>
      (await list({ object: "c1", ...filter })).events.map(({ actorId }) => actorId);
    expect(await actors({})).toEqual([fabric.admin.id, user.id]);
    expect(await actors({ actor: user.id })).toEqual([user.id]);
  });

  test("filters by access token, alone and with an object, while the token exists and after", async () => {
    const byToken = (id: string, name: string) => ({ ...fabric.user, accessToken: { id, name } });
    const { id: userId } = fabric.user;
    const ended = { expiresAt: new Date(), tokenHash: "x", accessEpoch: 0 };
    await owner.accessToken.create({ data: { id: "t1", userId, name: "ci", ...ended } });
    await add(fabric, "secret.create", "a", { actor: byToken("t1", "ci") });
    await add(fabric, "secret.replace", "a", { actor: byToken("t2", "laptop") });
    await add(fabric, "secret.replace", "a");
    await add(fabric, "secret.create", "b", { actor: byToken("t1", "ci") });
    for (const exists of [true, false]) {
      if (!exists) await owner.accessToken.delete({ where: { id: "t1" } });
      expect(names(await list({ actor: "t1" }))).toEqual(["b", "a"]);
      const ofA = await list({ actor: "t1", object: "a" });
      expect(ofA.events.map(({ action, details }) => [action, details.accessTokenId])).toEqual([
        ["secret.create", "t1"],
      ]);
      expect(names(await list({ actor: "t1", event: "changed" }))).toEqual([]);
      expect((await listActivityActors(scope(), "t1")).at(-1)).toEqual({
        id: "t1",
        name: `ci, of ${fabric.user.name}`,
        kind: "token",
      });
    }
    expect(names(await list({ actor: userId }))).toEqual(["b", "a", "a", "a"]);
    expect((await listActivity(theirScope(), activityFilter.parse({ actor: "t1" }))).events).toEqual([]);
  });

  test("filters by days, in UTC, and by moments", async () => {
    const at = async (name: string, time: string) => {
      await add(fabric, "secret.create", name);
      const where = { fabricId: fabric.fabricId, objectName: name };
      await owner.auditEvent.updateMany({ where, data: { id: uuidv7({ msecs: Date.parse(time) }) } });
    };
    await at("february", "2026-02-28T23:59:59.999Z");
    await at("first", "2026-03-01T00:00:00Z");
    await at("last", "2026-03-31T23:59:59.999Z");
    await at("april", "2026-04-01T00:00:00Z");
    expect(names(await list({ from: "2026-03-01", to: "2026-03-31" }))).toEqual(["last", "first"]);
    expect(names(await list({ from: "2026-04-01" }))).toEqual(["april"]);
    expect(names(await list({ to: "2026-02-28" }))).toEqual(["february"]);
    const halfAnHour = { from: "2026-04-01T01:45:00+02:00", to: "2026-04-01T02:15:00+02:00" };
    expect(names(await list(halfAnHour))).toEqual(["april", "last"]);
    expect(names(await list({ from: "yesterday" }))).toHaveLength(4);
    const page = await list({ from: "2026-03-01", after: (await list()).events.at(-1)?.id ?? "" });
    expect(names(page)).toEqual(["april", "last", "first"]);
  });

  test("finds events by names of objects, former ones too, and of people and pipelines", async () => {
    const { fabricId } = fabric;
    const pipeline = { kind: "pipeline", id: uuidv7(), name: "Nightly load" } as const;
    await owner.pipelineToken.create({
      data: {
        id: pipeline.id,
        fabricId,
        name: pipeline.name,
        tokenHash: pipeline.id,
        createdById: "a",
        createdByName: "A",
      },
    });
    const other = { kind: "user", id: uuidv7(), name: "Zoe Zander" } as const;
    await owner.user.create({
      data: { id: other.id, name: other.name, email: "z@test", emailKey: other.id },
    });
    await add(fabric, "secret.create", "warehouse_old", { id: "s1" });
    await add(fabric, "secret.rename", "lake", { id: "s1" });
    await add(fabric, "secret.use", "lake", { id: "s1", actor: pipeline });
    await add(fabric, "secret.use", "mail", { id: "s2", actor: pipeline });
    await add(fabric, "connection.delete", "Ware House", { id: "c1", kind: "connection", actor: other });
    await add(fabric, "secret.refuse", "wearhouse", { id: "", actor: pipeline });
    const found = async (search: string, more = {}) => names(await list({ search, ...more })).sort();
    expect(await found("WAREHOUSE")).toEqual(["lake", "lake", "warehouse_old"]);
    expect(await found("e_o")).toEqual(["lake", "lake", "warehouse_old"]);
    expect(await found("ware h")).toEqual(["Ware House"]);
    expect(await found("nightly")).toEqual(["lake", "mail", "wearhouse"]);
    expect(await found("warehouse", { event: "used" })).toEqual(["lake"]);
    expect(await found("nightly", { object: "s1" })).toEqual(["lake"]);
    expect(await found("warehouse", { actor: pipeline.id })).toEqual(["lake"]);
    // A name that does not exist is found as it was asked for; somebody who left, by their name.
    expect(await found("wearhouse")).toEqual(["wearhouse"]);
    expect(await found("zander")).toEqual(["Ware House"]);
    expect(await found("100%")).toEqual([]);
    const { named } = await list({ search: "warehouse" });
    expect(named?.objects).toEqual([{ id: "s1", kind: "secret", name: "warehouse_old" }]);
    // People who are no members are not named.
    expect((await list({ search: "zander" })).named).toMatchObject({ actors: [], objects: [] });
    expect(names(await listActivity(theirScope(), activityFilter.parse({ search: "warehouse" })))).toEqual(
      [],
    );
  });

  test("exports all matching events, page by page, in both formats", async () => {
    await addMany(1_203);
    await add(fabric, "secret.delete", '=HYPERLINK("https://x")', { details: { version: 2 } });
    const pages = [];
    for await (const page of exportActivity(scope(), activityFilter.parse({ kind: "secret" })))
      pages.push(page);
    const events = pages.flat();
    expect(pages.map(({ length }) => length)).toEqual([500, 500, 204]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1_204);
    expect(events.map(({ id }) => id)).toEqual(
      events
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
    const [newest] = events;
    if (!newest) throw new Error("no event");
    const line = exportLine("csv", newest);
    const time = newest.at.toISOString();
    expect(exportHead("csv").split(",").slice(0, 3)).toEqual(["time", "event", "documented_event"]);
    // A spreadsheet would run the name as a formula.
    expect(line).toContain(
      `${time},secret.delete,fabric_secret_delete,user,${fabric.user.id},Uri User,secret,`,
    );
    expect(line).toContain(`"'=HYPERLINK(""https://x"")"`);
    expect(line).toContain(`"{""version"":2}",${newest.id}\r\n`);
    expect(JSON.parse(exportLine("ndjson", newest))).toMatchObject({
      event: "secret.delete",
      documentedEvent: "fabric_secret_delete",
      object: { name: '=HYPERLINK("https://x")' },
      details: { version: 2 },
    });
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

test("knows the kind of object of each action in a fabric, except of reminders", () => {
  const others = fabricActions.filter((action) => isAbout(action, "team"));
  expect(others).toEqual(["reminder.snooze", "reminder.resume"]);
});

test("assigns each action in a fabric to exactly one event type", () => {
  const grouped = Object.values(eventKinds).flatMap(({ actions }) => actions as readonly AuditAction[]);
  const elsewhere = /^(team|user|session|access_token|master_key|backup|drill|activity)\./;
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
