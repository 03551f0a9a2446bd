import { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { firstEventId } from "@/lib/audit/event-id";
import { createPartitions, listPartitions, monthOf } from "@/prisma/partitions/partitions";
import { removeOldEvents } from "@/prisma/partitions/retention";
import { createTestDatabase } from "@/testing/database";

let databaseUrl: string;
let owner: Client;
let web: Client;

beforeAll(async () => {
  const urls = await createTestDatabase("web");
  databaseUrl = urls.ownerUrl;
  owner = new Client({ connectionString: urls.ownerUrl });
  web = new Client({ connectionString: urls.webUrl });
  await Promise.all([owner.connect(), web.connect()]);
});
afterAll(() => Promise.all([owner.end(), web.end()]));

const log = () => undefined;
const idAt = (date: Date) => uuidv7({ msecs: date.getTime() });

/** Records an event as web does, and returns the partition that has it. */
async function recordAt(date: Date, id = idAt(date)): Promise<string> {
  const { rows } = await web.query(
    `INSERT INTO audit_event (id, "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName")
     VALUES ($1, 'f', 'user', 'u', 'Ada', 'secret.create', 'secret', 's', 'login') RETURNING tableoid::regclass::text AS name`,
    [id],
  );
  return rows[0].name;
}

test("a migrated database has partitions for the months to come, and a default one", async () => {
  const partitions = await listPartitions(owner);
  expect(partitions[0]?.from).toBeNull();
  expect(partitions.at(-1)).toEqual({ name: "audit_event_default", from: null, to: null });
  const ends = partitions.flatMap(({ to }) => to ?? []);
  // Without gaps, and three months ahead.
  expect(partitions.flatMap(({ from }) => from ?? [])).toEqual(ends.slice(0, -1));
  expect(ends.at(-1)).toBe(firstEventId(monthOf(new Date(), 4)));
  expect(await recordAt(new Date())).toBe("audit_event_first");
  const [month] = [monthOf(new Date(), 2)];
  expect(await recordAt(month)).toBe(
    `audit_event_${month.getUTCFullYear()}_${String(month.getUTCMonth() + 1).padStart(2, "0")}`,
  );
  expect(await recordAt(new Date(), "no-uuid")).toBe("audit_event_default");
});

test("events of a month without a partition are in the default one, and move when it gets its own", async () => {
  const [later, much] = [monthOf(new Date(), 5), monthOf(new Date(), 40)];
  expect(await recordAt(later)).toBe("audit_event_default");
  expect(await recordAt(much)).toBe("audit_event_default");
  const created = await createPartitions(owner, { databaseUrl, log, now: monthOf(new Date(), 2) });
  expect(created).toHaveLength(2);
  const { rows } = await owner.query(
    "SELECT tableoid::regclass::text AS name FROM audit_event WHERE id >= $1 ORDER BY id",
    [firstEventId(later)],
  );
  expect(rows.map(({ name }) => name)).toEqual([
    created.at(-1),
    "audit_event_default",
    "audit_event_default",
  ]);
  expect(await createPartitions(owner, { databaseUrl, log, now: monthOf(new Date(), 2) })).toEqual([]);
});

test("the programs have rights on the log, and none on its partitions", async () => {
  const refused = async (sql: string) =>
    web.query(sql).then(
      () => "ok",
      (error) => error.code,
    );
  for (const { name } of await listPartitions(owner)) {
    expect(await refused(`SELECT FROM "${name}"`)).toBe("42501");
    expect(await refused(`INSERT INTO "${name}" (id) VALUES ('x')`)).toBe("42501");
    expect(await refused(`DROP TABLE "${name}"`)).toBe("42501");
  }
  expect(await refused(`CREATE TABLE mine PARTITION OF audit_event FOR VALUES IN ('x')`)).toBe("42501");
});

test("old events are removed by whole months, on record; ids that are dated back save nobody's events from the record", async () => {
  await owner.query("DELETE FROM audit_event");
  const now = monthOf(new Date(), 30);
  await createPartitions(owner, { databaseUrl, log, now: monthOf(new Date(), 6) });
  const at = (months: number) => monthOf(new Date(), months);
  /** An event with the id of one time, recorded at another. */
  const put = async (idTime: Date, recordedAt: Date) => {
    const id = idAt(idTime);
    await recordAt(idTime, id);
    await owner.query("UPDATE audit_event SET at = $2 WHERE id = $1", [id, recordedAt]);
    return id;
  };
  const gone = [
    await put(at(0), at(0)),
    await put(at(-9), at(-9)),
    await put(at(7), at(7)),
    await put(at(8), at(8)),
  ];
  const stays = [await put(at(9), at(29)), await put(at(0), at(29)), await put(at(29), at(29))];
  const removed = await removeOldEvents(owner, { databaseUrl, log, months: 12, now });
  expect(removed.reduce((sum, { events }) => sum + events, 0)).toBe(gone.length);
  const { rows } = await owner.query(`SELECT id FROM audit_event WHERE "fabricId" = 'f' ORDER BY id`);
  expect(rows.map(({ id }) => id)).toEqual([...stays].sort());

  const dropped = removed.filter(({ isDropped }) => isDropped).map(({ partition }) => partition);
  expect(dropped).toHaveLength(removed.length - 1);
  const left = (await listPartitions(owner)).map(({ name }) => name);
  expect(left.filter((name) => dropped.includes(name))).toEqual([]);
  expect(left).toContain("audit_event_first");
  const record = await owner.query(
    `SELECT "actorName", sum((details->>'count')::int)::int AS count, min(details->>'from')::timestamptz AS "from", max(details->>'to')::timestamptz AS "to"
     FROM audit_event WHERE action = 'activity.remove' GROUP BY 1`,
  );
  expect(record.rows).toEqual([
    { actorName: expect.any(String), count: gone.length, from: at(-9), to: at(8) },
  ]);
  await owner.query("DELETE FROM audit_event WHERE action = 'activity.remove'");
  expect(await removeOldEvents(owner, { databaseUrl, log, months: 12, now })).toEqual([]);
});
