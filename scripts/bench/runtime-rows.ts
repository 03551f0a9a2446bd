import type { BenchProcesses } from "@/scripts/bench/processes";
import type { BenchRow, LoadRequest } from "@/scripts/bench/schema";
import type { BenchFabric } from "@/scripts/bench/seed";

/** The rows of the runtime API, each request by another fabric's token. */
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
  return [{ title: "resolve one secret", run: http(one, 200) }];
}
