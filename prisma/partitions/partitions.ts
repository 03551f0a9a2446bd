import { type Client, Pool } from "pg";
import { firstEventId } from "@/lib/audit/event-id";
import { type Log, runMigrationScript } from "@/prisma/migrate/migration-script";

/** Months that have a partition before they begin. */
const monthsAhead = 3;
/** More rows than this are not moved out of the default partition while others wait: they stay where they are. */
const maxMoved = 20_000;

/** A partition of the audit log. */
export type Partition = {
  name: string;
  /** The lower bound of its ids; null for the first and the default partition. */
  from: string | null;
  /** The upper bound of its ids, not included; null for the default partition. */
  to: string | null;
};

/** The partitions of the audit log, oldest first, the default one last. Empty before the migration to partitions. */
export async function listPartitions(client: Client): Promise<Partition[]> {
  const { rows } = await client.query<{ name: string; bound: string }>(
    `SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass('audit_event')`,
  );
  const partitions = rows.map(({ name, bound }) => ({
    name,
    from: /FROM \('([^']+)'\)/.exec(bound)?.[1] ?? null,
    to: /TO \('([^']+)'\)/.exec(bound)?.[1] ?? null,
  }));
  return partitions.sort((one, other) => ((one.to ?? "~") < (other.to ?? "~") ? -1 : 1));
}

/**
 * Creates the missing partitions of the audit log: one for each month, up to three months ahead. Events without a
 * partition of their month are in the default one, so a late call loses nothing. Returns the new partitions' names.
 * Call it as the owner, under the migration lock.
 */
export async function createPartitions(
  client: Client,
  { databaseUrl, log, now = new Date() }: { databaseUrl: string; log: Log; now?: Date },
): Promise<string[]> {
  const partitions = await listPartitions(client);
  if (partitions.length === 0) return [];
  const isCovered = (month: Date) => {
    const id = firstEventId(month);
    return partitions.some(({ from, to }) => to !== null && (from ?? "") <= id && id < to);
  };
  const created: string[] = [];
  const observer = new Pool({ connectionString: databaseUrl, max: 1 }).on("error", () => {});
  try {
    for (const month of monthsFrom(now)) {
      if (isCovered(month) || (await countInDefault(client, month)) > maxMoved) continue;
      const name = nameOf(month);
      await runMigrationScript(client, observer, { name, script: scriptFor(month), log });
      created.push(name);
    }
  } finally {
    await observer.end();
  }
  return created;
}

function monthsFrom(now: Date): Date[] {
  return Array.from({ length: monthsAhead + 1 }, (_, index) => monthOf(now, index));
}

/** The first moment of a month, in UTC, `later` months after that of `date`. */
export function monthOf(date: Date, later = 0): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later));
}

function nameOf(month: Date): string {
  return `audit_event_${month.toISOString().slice(0, 7).replace("-", "_")}`;
}

async function countInDefault(client: Client, month: Date): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT FROM audit_event_default WHERE id >= $1 AND id < $2 LIMIT ${maxMoved + 1}) AS found`,
    [firstEventId(month), firstEventId(monthOf(month, 1))],
  );
  return rows[0]?.count ?? 0;
}

/** Attaching an empty table needs no more than a moment. Rows of its month may be in the default partition already. */
function scriptFor(month: Date): string {
  const [name, from, to] = [nameOf(month), firstEventId(month), firstEventId(monthOf(month, 1))];
  return `LOCK TABLE audit_event_default IN ACCESS EXCLUSIVE MODE;
    CREATE TABLE "${name}" (LIKE audit_event INCLUDING DEFAULTS);
    WITH moved AS (DELETE FROM audit_event_default WHERE id >= '${from}' AND id < '${to}' RETURNING *)
    INSERT INTO "${name}" SELECT * FROM moved;
    ALTER TABLE audit_event ATTACH PARTITION "${name}" FOR VALUES FROM ('${from}') TO ('${to}');`;
}
