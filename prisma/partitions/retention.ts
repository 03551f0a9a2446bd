import { type Client, escapeLiteral, Pool } from "pg";
import { v7 as uuidv7 } from "uuid";
import { firstEventId } from "@/lib/audit/event-id";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import { commandLine } from "@/lib/users/provision";
import { type Log, runMigrationScript } from "@/prisma/migrate/migration-script";
import { listPartitions, monthOf, type Partition } from "@/prisma/partitions/partitions";

/** Rows that one transaction deletes from a partition that stays. */
const rowsAtOnce = 20_000;

/** What was removed: a number of events, and the name of a partition that was dropped whole. */
export type Removed = { partition: string; events: number; isDropped: boolean };

type Options = { databaseUrl: string; log: Log; months: number; now?: Date };

/**
 * Removes the events from before the `months` whole months that precede the present one: whole partitions, and rows
 * of the first and the default partition. Records how many, from when to when, in the transaction that removes them.
 *
 * A program chooses an event's id, and the database its time. An event counts as old only when both are: somebody
 * who owns a program cannot have today's events removed by dating their ids back.
 */
export async function removeOldEvents(
  client: Client,
  { databaseUrl, log, months, now = new Date() }: Options,
): Promise<Removed[]> {
  const before = monthOf(now, -months);
  const removed: Removed[] = [];
  const observer = new Pool({ connectionString: databaseUrl, max: 1 }).on("error", () => {});
  try {
    for (const partition of await listPartitions(client)) {
      if ((partition.from ?? "") >= firstEventId(before)) continue;
      const one = (await canGo(client, partition, before))
        ? await dropPartition(client, observer, { partition, before, log })
        : await deleteRows(client, partition, before);
      if (one) removed.push(one);
    }
  } finally {
    await observer.end();
  }
  return removed;
}

/** True when a partition is wholly of the time before `before`, and everything in it was recorded then. */
async function canGo(client: Client, { name, to }: Partition, before: Date): Promise<boolean> {
  if (to === null || to > firstEventId(before)) return false;
  const { rows } = await client.query<{ isLate: boolean }>(
    `SELECT EXISTS (SELECT FROM "${name}" WHERE at >= $1) AS "isLate"`,
    [before],
  );
  return rows[0]?.isLate === false;
}

/** Drops a partition. Nobody writes to it meanwhile, and readers wait only for the moment of the drop. */
async function dropPartition(
  client: Client,
  observer: Pool,
  { partition: { name }, before, log }: { partition: Partition; before: Date; log: Log },
): Promise<Removed> {
  const id = uuidv7();
  const script = `LOCK TABLE "${name}" IN SHARE ROW EXCLUSIVE MODE;
    DO $$ BEGIN
      IF EXISTS (SELECT FROM "${name}" WHERE at >= ${escapeLiteral(before.toISOString())}) THEN
        RAISE 'An event was just recorded in this partition: run the command again.';
      END IF;
    END $$;
    INSERT INTO audit_event (id, "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
    SELECT '${id}', ${[commandLine.kind, commandLine.id, commandLine.name].map(escapeLiteral).join(", ")}, 'activity.remove',
      'activity', 'activity', '${name}', jsonb_build_object('count', count(*), 'from', min(at), 'to', max(at)) FROM "${name}";
    DROP TABLE "${name}";`;
  await runMigrationScript(client, observer, { name: `of ${name}`, script, log });
  const { rows } = await client.query<{ events: number }>(
    "SELECT (details->>'count')::int AS events FROM audit_event WHERE id = $1",
    [id],
  );
  return { partition: name, events: rows[0]?.events ?? 0, isDropped: true };
}

async function deleteRows(client: Client, { name }: Partition, before: Date): Promise<Removed | undefined> {
  let events = 0;
  for (let count = rowsAtOnce; count === rowsAtOnce; events += count) {
    await client.query("BEGIN");
    try {
      const { rows } = await client.query<{ count: number; from: Date; to: Date }>(
        `WITH old AS (SELECT id FROM "${name}" WHERE id < $1 AND at < $2 ORDER BY id LIMIT ${rowsAtOnce}),
           gone AS (DELETE FROM "${name}" e USING old WHERE e.id = old.id RETURNING e.at)
         SELECT count(*)::int AS count, min(at) AS "from", max(at) AS "to" FROM gone`,
        [firstEventId(before), before],
      );
      const gone = rows[0];
      count = gone?.count ?? 0;
      if (gone && count > 0) await client.query(insertEvents, [eventsJson([removal(name, gone)])]);
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }
  return events > 0 ? { partition: name, events, isDropped: false } : undefined;
}

function removal(partition: string, { count, from, to }: { count: number; from: Date; to: Date }) {
  return {
    actor: commandLine,
    teamId: null,
    fabricId: null,
    action: "activity.remove" as const,
    object: { kind: "activity" as const, id: "activity", name: partition },
    details: { count, from: from.toISOString(), to: to.toISOString() },
  };
}
