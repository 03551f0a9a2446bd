import { newPipelineToken } from "@/lib/access/pipeline";
import type { BenchProcesses } from "@/scripts/bench/processes";
import type { BenchRow, LoadRequest } from "@/scripts/bench/schema";
import type { BenchFabric } from "@/scripts/bench/seed";

/** The rows of the runtime API. Each request uses another fabric's token. */
export function runtimeRows(
  processes: BenchProcesses,
  { automateUrl, fabrics }: { automateUrl: string; fabrics: readonly BenchFabric[] },
  seconds: number,
): BenchRow[] {
  const http = (requests: LoadRequest[], expect: number) => {
    const requestsFile = processes.keep(requests);
    return (clients: number) =>
      processes.load({ kind: "http", url: automateUrl, requestsFile, clients, seconds, expect });
  };
  const each = (make: (fabric: BenchFabric, i: number) => LoadRequest) =>
    Array.from({ length: 100 }, (_, i) => fabrics.map((fabric) => make(fabric, i))).flat();
  const bearer = ({ token }: BenchFabric) => ({ authorization: `Bearer ${token}` });
  const one = each((fabric, i) => ({
    method: "GET",
    path: `/v1/secrets/secret_${i}`,
    headers: bearer(fabric),
  }));
  const connections = fabrics.map((fabric) => ({
    method: "GET" as const,
    path: "/v1/connections/warehouse",
    headers: bearer(fabric),
  }));
  const [batchSize, batches] = [20, 5];
  const many = fabrics.flatMap((fabric) =>
    Array.from({ length: batches }, (_, i) => ({
      method: "POST" as const,
      path: "/v1/secrets:batch",
      headers: { ...bearer(fabric), "content-type": "application/json" },
      body: JSON.stringify({
        names: Array.from({ length: batchSize }, (_, n) => `secret_${i * batchSize + n}`),
      }),
    })),
  );
  const unchanged = each((fabric, i) => ({
    method: "GET",
    path: `/v1/secrets/secret_${i}`,
    headers: { ...bearer(fabric), "if-none-match": `W/"${fabric.secrets[i]?.id}.1"` },
  }));
  const unknown = Array.from({ length: 1000 }, () => ({
    method: "GET" as const,
    path: "/v1/secrets/secret_0",
    headers: { authorization: `Bearer ${newPipelineToken().token}` },
  }));
  return [
    { title: "resolve one secret", run: http(one, 200) },
    { title: `batch of ${batchSize}, in secrets`, unitsPerRequest: batchSize, run: http(many, 200) },
    { title: "unchanged (304)", run: http(unchanged, 304) },
    { title: "connection with one secret", run: http(connections, 200) },
    { title: "unknown token (401)", run: http(unknown, 401) },
  ];
}
