import type { Client } from "pg";
import { listPartitions } from "@/prisma/partitions/partitions";

/**
 * Creates the index of events by access token for each partition of the audit log that lacks it, while programs write
 * events. An index that was not finished is created again.
 */
export async function indexAccessTokens(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT x.indrelid::regclass::text AS name FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
     WHERE i.inhparent = 'audit_event_token_idx'::regclass`,
  );
  const indexed = new Set(rows.map(({ name }) => name));
  for (const { name } of await listPartitions(owner)) {
    if (indexed.has(name)) continue;
    const index = `${name}_token_idx`;
    await owner.query(`DROP INDEX CONCURRENTLY IF EXISTS "${index}"`);
    await owner.query(
      `CREATE INDEX CONCURRENTLY "${index}" ON "${name}"
         ((hashtextextended("fabricId" || ' ' || (details ->> 'accessTokenId') || ' ' || action, 0)), id COLLATE "C")
         WHERE (details ->> 'accessTokenId') IS NOT NULL`,
    );
    await owner.query(`ALTER INDEX audit_event_token_idx ATTACH PARTITION "${index}"`);
  }
}
