import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase, Pool } from "pg";
import { sqlStateOf } from "@/lib/db/errors";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";

/** The longest wait for a lock. Queries queue behind a waiting migration, so it must be short. */
const lockTimeoutMs = 3_000;
/** Pauses between attempts, during which queued queries can run. */
const pausesMs: readonly number[] = [
  1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 15_000, 15_000,
];

export type Log = (sentence: string) => void;

type Migration = { name: string; script: string; log: Log; pauses?: readonly number[] };

/**
 * Runs one migration as one transaction. Waits at most three seconds for a lock, then lets other queries run
 * and retries. Gives up after two minutes, and leaves nothing changed. A script with CONCURRENTLY cannot run
 * in a transaction. It runs statement by statement without a time limit, because no query waits behind it.
 * Errors name the migration. `observer` looks up which session holds a lock.
 */
export async function runMigrationScript(
  client: ClientBase,
  observer: Pool,
  { name, script, log, pauses = pausesMs }: Migration,
): Promise<void> {
  const attempt = async () => {
    if (/\bCONCURRENTLY\b/.test(withoutComments(script))) return runEachStatement(client, script);
    return runInTransaction(client, observer, script);
  };
  for (let tries = 0; ; tries += 1) {
    const holder = await attempt().catch((cause) => {
      throw new Error(`The migration ${name} failed: ${cause.message}`, { cause });
    });
    if (holder === null) return;
    const pause = pauses[tries];
    if (pause === undefined)
      throw new MigrationRefused(
        `The migration ${name} requires a lock that is held by ${holder}. It was stopped and changed nothing: run it again when that session has ended.`,
      );
    log(
      `The migration ${name} waits for a lock that is held by ${holder}. Trying again in ${pause / 1000} s …`,
    );
    await sleep(pause);
  }
}

async function runEachStatement(client: ClientBase, script: string): Promise<null> {
  for (const statement of withoutComments(script).split(";"))
    if (statement.trim() !== "") await client.query(statement);
  return null;
}

/** Returns the holder of the lock if the lock timed out; null when the transaction is committed. */
async function runInTransaction(client: ClientBase, observer: Pool, script: string): Promise<string | null> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const watch = watchBlockers(observer, rows[0]?.pid ?? 0);
  try {
    await client.query("BEGIN");
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    await client.query(script);
    await client.query("COMMIT");
    return null;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    if (sqlStateOf(error) !== "55P03") throw error;
    return watch.holder();
  } finally {
    watch.stop();
  }
}

type Blocker = { name: string; user: string; pid: number; seconds: number };

/** Records which sessions block a session while it waits. */
function watchBlockers(observer: Pool, pid: number): { holder: () => string; stop: () => void } {
  let blockers: Blocker[] = [];
  const timer = setInterval(async () => {
    const blocking = await observer
      .query<Blocker>(
        `SELECT application_name AS name, usename AS user, pid, extract(epoch FROM now() - xact_start)::int AS seconds
         FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids($1))`,
        [pid],
      )
      .catch(() => ({ rows: [] }));
    if (blocking.rows.length > 0) blockers = blocking.rows;
  }, 500);
  return {
    holder: () =>
      blockers
        .map(
          ({ name, user, pid, seconds }) =>
            `${name || "a session"} of ${user} (process ${pid}, for ${seconds} s)`,
        )
        .join(" and ") || "another session",
    stop: () => clearInterval(timer),
  };
}

function withoutComments(script: string): string {
  return script.replace(/--.*$/gm, "");
}
