/** Runs a statement as the owner of the database. */
type Run = (text: string, values: readonly unknown[]) => Promise<unknown>;

/** In one statement, Postgres writes so many within the time limit of a statement. */
const most = 5_000;
/** The longest permitted size, 1,500 bytes. */
const description = "€".repeat(500);

/** Writes `count` Text secrets without values, named `secret_1` and so on, for tests of long lists. */
export async function addManySecrets(run: Run, fabricId: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += most)
    await run(
      `WITH added AS (
         INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName")
         SELECT gen_random_uuid()::text, $1, 'secret_' || n, 'secret_' || n, 'text', $2, 'a', 'Ada', 'a', 'Ada'
         FROM generate_series($3::int, $4::int) AS n RETURNING id, name
       ), versions AS (
         INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
         SELECT id, 1, $1, '{"value": 1}', '{}', 'a', 'Ada' FROM added
       )
       INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId") SELECT $1, name, name, id FROM added`,
      [fabricId, description, from, Math.min(count, from + most - 1)],
    );
}
