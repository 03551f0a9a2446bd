import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { BenchRow } from "@/scripts/bench/schema";

const run = promisify(execFile);

/**
 * The same statements under Postgres' own benchmark, if installed: the rate that a client reaches without
 * Node's overhead.
 */
export async function pgbenchRows(ownerUrl: string, dir: string, seconds: number): Promise<BenchRow[]> {
  const isInstalled = await run("pgbench", ["--version"]).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return [];
  const statements = {
    "select by key": `\\set n random(0, 9999)
SELECT * FROM secret_field WHERE "secretId" = (SELECT "secretId" FROM bench_id WHERE n = :n);`,
    "insert and commit one audit event": `INSERT INTO audit_event (id, "fabricId", "teamId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
VALUES (gen_random_uuid()::text, 'f', 't', 'pipeline', 'p', 'bench', 'secret.use', 'secret', 's', 'secret_0', '{"purpose":"pipeline","version":1,"fields":["value"],"name":"secret_0","source":"127.0.0.1"}');`,
  };
  return Object.entries(statements).map(([what, text], i) => {
    const file = `${dir}/pgbench-${i}.sql`;
    // One line per statement: pgbench ends SQL at a semicolon, and its own commands at the line's end.
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return {
      title: `yardstick: ${what} (\`pgbench\`)`,
      run: async (clients) => {
        const flags = ["-n", "-M", "prepared", "-c", `${clients}`, "-j", "2", "-T", `${seconds}`];
        const { stdout } = await run("pgbench", [...flags, "-f", file, ownerUrl]);
        const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
        const failures = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
        const answers = Math.round(perSecond * seconds);
        return { answers, perSecond, p50Ms: Number.NaN, p99Ms: Number.NaN, failures };
      },
    };
  });
}
