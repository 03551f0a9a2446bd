import "server-only";
import * as z from "zod";
import { timeOfEventId } from "@/lib/audit/event-id";
import { ownerOptions } from "@/prisma/migrate/environment";
import { asMigrator } from "@/prisma/migrate/migration";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";
import { createPartitions, listPartitions } from "@/prisma/partitions/partitions";
import { removeOldEvents } from "@/prisma/partitions/retention";

const months = z.coerce.number().int().min(1).max(1_200);

/** The commands about the audit log, for its owner: it is divided by months, and may be kept for a limited time. */
export const activityCommands: Record<string, () => Promise<string>> = {
  "activity status": async () => {
    const { databaseUrl } = ownerOptions();
    return asMigrator(databaseUrl, async (client) => {
      const lines = [];
      for (const { name, from, to } of await listPartitions(client)) {
        const { rows } = await client.query<{ rows: string; size: string }>(
          `SELECT greatest(reltuples, 0)::bigint AS rows, pg_size_pretty(pg_total_relation_size(oid)) AS size
           FROM pg_class WHERE oid = to_regclass($1)`,
          [name],
        );
        const span = to === null ? "without a partition of their month" : `${dayOf(from)} to ${dayOf(to)}`;
        lines.push(`  ${name}: ${span}, about ${rows[0]?.rows} events, ${rows[0]?.size}`);
      }
      const kept = keptMonths();
      const retention =
        kept === undefined
          ? "Events are kept without a limit: ACTIVITY_MONTHS is not set."
          : `activity maintain keeps ${kept} whole months before the present one.`;
      return [`Partitions of the audit log, by UTC:`, ...lines, retention].join("\n");
    });
  },
  "activity maintain": async () => {
    const { databaseUrl } = ownerOptions();
    const kept = keptMonths();
    return asMigrator(databaseUrl, async (client) => {
      const options = { databaseUrl, log: console.log };
      const created = await createPartitions(client, options);
      const removed = kept === undefined ? [] : await removeOldEvents(client, { ...options, months: kept });
      const lines = [
        ...created.map((name) => `Created ${name}.`),
        ...removed.map(
          ({ partition, events, isDropped }) =>
            `Removed ${events} events of ${partition}${isDropped ? ", and the partition" : ""}.`,
        ),
      ];
      return lines.length === 0 ? "Nothing to do." : lines.join("\n");
    });
  },
};

function keptMonths(): number | undefined {
  const given = process.env.ACTIVITY_MONTHS;
  if (!given) return undefined;
  const parsed = months.safeParse(given);
  if (!parsed.success)
    throw new MigrationRefused(
      "ACTIVITY_MONTHS must be a number of months from 1 to 1200, or unset to keep all events.",
    );
  return parsed.data;
}

function dayOf(id: string | null): string {
  return (id && timeOfEventId(id)?.toISOString().slice(0, 10)) || "the beginning";
}
