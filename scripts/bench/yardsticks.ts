import { v7 as uuidv7 } from "uuid";
import type { BenchProcesses } from "@/scripts/bench/processes";
import type { BenchRow } from "@/scripts/bench/schema";
import type { BenchFabric } from "@/scripts/bench/seed";

/** Baselines for the other rows: the same Node, driver, database and framework without Selvage's own work. */
export function yardsticks(
  processes: BenchProcesses,
  { ownerUrl, bareUrl, fabrics }: { ownerUrl: string; bareUrl: string; fabrics: readonly BenchFabric[] },
  seconds: number,
): BenchRow[] {
  const ids = fabrics.flatMap(({ secrets }) => secrets.map(({ id }) => [id]));
  const idsFile = processes.keep(ids);
  const rowsFile = processes.keep(ids.map(([id]) => [`${uuidv7()}`, id]));
  const requestsFile = processes.keep([{ method: "GET", path: "/v1/secrets/secret_0", headers: {} }]);
  return [
    {
      title: "yardstick: select by key (`pg`)",
      run: (clients) =>
        processes.load({
          kind: "sql",
          url: ownerUrl,
          text: 'SELECT * FROM secret_field WHERE "secretId" = $1',
          valuesFile: idsFile,
          clients,
          seconds,
          expect: 1,
        }),
    },
    {
      title: "yardstick: insert and commit one audit event (`pg`)",
      run: (clients) =>
        processes.load({
          kind: "sql",
          url: ownerUrl,
          // The audit event of one use, as automate writes it, each in its own commit.
          text: `INSERT INTO audit_event (id, "fabricId", "teamId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
            VALUES (gen_random_uuid()::text, $1, $1, 'pipeline', $1, 'bench', 'secret.use', 'secret', $2, 'secret_0',
              '{"purpose":"pipeline","version":1,"fields":["value"],"name":"secret_0","source":"127.0.0.1"}')`,
          valuesFile: rowsFile,
          clients,
          seconds,
          expect: 1,
        }),
    },
    {
      title: "yardstick: bare HTTP answer (`fastify`)",
      run: (clients) =>
        processes.load({ kind: "http", url: bareUrl, requestsFile, clients, seconds, expect: 200 }),
    },
  ];
}
