import type { Client } from "pg";
import type { DrillKey } from "@/lib/backups/schema";

type Position = { fabricId: string; secretId: string; field: string; version: number; size: number };
/** The values to open, and how many fabrics and values there are. */
type Chosen = { fabrics: number; values: number; chosen: Position[] };

const maxBatchValues = 1000;
/** Automate unwraps the keys of a batch at its key services, and answers within a minute. */
const maxBatchFabrics = 50;
const maxBatchBytes = 2 * 1024 * 1024;

/** Chooses at random one value of each fabric, and `sample` others of all. */
export async function chooseValues(client: Client, sample: number): Promise<Chosen> {
  const { rows: counts } = await client.query(
    `SELECT count(DISTINCT "fabricId")::int AS fabrics, count(*)::int AS values FROM secret_field`,
  );
  const { rows } = await client.query<Position>(
    `WITH shuffled AS MATERIALIZED (
       SELECT "fabricId", "secretId", field, version, length(sealed) AS size, random() AS at FROM secret_field
     ), ranked AS (
       SELECT *, row_number() OVER (PARTITION BY "fabricId" ORDER BY at) AS "ofFabric" FROM shuffled
     )
     SELECT * FROM (
       (SELECT "fabricId", "secretId", field, version, size FROM ranked WHERE "ofFabric" = 1)
       UNION ALL
       (SELECT "fabricId", "secretId", field, version, size FROM ranked WHERE "ofFabric" > 1 ORDER BY at LIMIT $1)
     ) chosen ORDER BY "fabricId"`,
    [Math.min(sample, 2 ** 31)],
  );
  return { ...counts[0], chosen: rows };
}

/** Reads the chosen values in batches for one request each, together with their wrapped keys. */
export async function* batchesOf(client: Client, chosen: readonly Position[]): AsyncGenerator<DrillKey[]> {
  let batch: Position[] = [];
  let fabrics = new Set<string>();
  let bytes = 0;
  for (const position of chosen) {
    const { fabricId, size } = position;
    const isFull =
      batch.length >= maxBatchValues ||
      bytes + size > maxBatchBytes ||
      (fabrics.size >= maxBatchFabrics && !fabrics.has(fabricId));
    if (batch.length > 0 && isFull) {
      yield await readBatch(client, batch);
      [batch, fabrics, bytes] = [[], new Set(), 0];
    }
    batch.push(position);
    fabrics.add(fabricId);
    bytes += size;
  }
  if (batch.length > 0) yield await readBatch(client, batch);
}

async function readBatch(client: Client, batch: readonly Position[]): Promise<DrillKey[]> {
  const { rows } = await client.query<DrillKey>(
    `SELECT jsonb_build_object('kid', f.kid, 'fabricId', f."fabricId", 'masterKeyId', coalesce(k."masterKeyId", ''),
         'wrappedPrivate', coalesce(k."wrappedPrivate", ''), 'wrappedKey', coalesce(k."wrappedKey", '')) AS key,
       jsonb_agg(jsonb_build_object('secretId', f."secretId", 'subKind', s."subKind", 'field', f.field,
         'version', f.version, 'sealed', f.sealed)) AS fields
     FROM unnest($1::text[], $2::text[], $3::int[]) AS chosen("secretId", field, version)
     JOIN secret_field f USING ("secretId", field, version)
     JOIN secret s ON s.id = f."secretId"
     LEFT JOIN fabric_key k ON k.kid = f.kid AND k."fabricId" = f."fabricId"
     GROUP BY f.kid, f."fabricId", k."masterKeyId", k."wrappedPrivate", k."wrappedKey"`,
    [batch.map((one) => one.secretId), batch.map((one) => one.field), batch.map((one) => one.version)],
  );
  return rows;
}
