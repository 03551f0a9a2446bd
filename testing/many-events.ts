/** Runs a statement as the owner of the database. */
type Run = (text: string, values: readonly unknown[]) => Promise<unknown>;

const atOnce = 250_000;

/** Objects and actors of the events that `addManyEvents` writes. */
export const manyEvents = {
  fabricId: "fabric-0",
  /** A pipeline reads the secrets with numbers of its own parity, so half of all pairs have no event. */
  secret: (n: number) => `secret-${n}`,
  pipeline: (n: number) => `pipeline-${n}`,
};

/**
 * Writes `count` events as programs record them, over the `days` before `until`: nine tenths are uses of 400 secrets by
 * 20 pipelines, and a few thousandths are people's acts. Half are in `fabricId`, the rest in nine others. The oldest
 * of all are a few that are of no other kind, so that a search for them passes everything else.
 */
export async function addManyEvents(
  run: Run,
  count: number,
  { days, until, table = "audit_event" }: { days: number; until: Date; table?: string },
): Promise<void> {
  for (let from = 0; from < count; from += atOnce)
    await run(
      `INSERT INTO ${table} (id, at, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
       SELECT substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7' || substr(digest, 1, 3) || '-8' || substr(digest, 4, 3) || '-' || substr(digest, 7, 12),
         time, 'team-0', CASE WHEN n % 2 = 0 THEN 'fabric-0' ELSE 'fabric-' || n % 10 END,
         CASE WHEN n % 500 = 0 THEN 'user' ELSE 'pipeline' END,
         CASE WHEN n % 500 = 0 THEN 'user-' || n % 7 ELSE 'pipeline-' || actor END,
         CASE WHEN n % 500 = 0 THEN 'User ' || n % 7 ELSE 'Pipeline ' || actor END,
         CASE WHEN n < 20 THEN 'secret.rename' WHEN n < 820 THEN 'secret.create' WHEN n % 500 = 0 THEN 'secret.replace' WHEN n % 50 = 2 THEN 'secret.refuse'
           WHEN n % 12 = 4 THEN 'secret.unchanged' ELSE 'secret.use' END,
         'secret', CASE WHEN n < 20 THEN 'secret-rare' ELSE 'secret-' || secret END, CASE WHEN n < 20 THEN 'rare' ELSE 'name ' || secret END,
         CASE WHEN n % 1000 = 0 THEN jsonb_build_object('version', 1, 'accessToken', 'ci', 'accessTokenId', 'token-' || n % 7)
           ELSE '{"purpose": "pipeline", "version": 1, "source": "10.0.0.1"}' END
       FROM (
         SELECT n, time, lpad(to_hex((extract(epoch FROM time) * 1000)::bigint), 12, '0') AS ms, md5(n::text) AS digest,
           r % 20 AS actor, CASE WHEN n < 820 THEN (n - 20) / 2 ELSE (r / 20) % 200 * 2 + r % 2 END AS secret
         FROM generate_series($1::bigint, $2::bigint) AS n,
           LATERAL (SELECT $3::timestamptz - make_interval(secs => (($4::bigint - n) * $5::float8)) AS time, abs(hashint8(n)::bigint) AS r) AS made
       ) AS event`,
      [from, Math.min(count, from + atOnce) - 1, until, count, (days * 86_400) / count],
    );
}
