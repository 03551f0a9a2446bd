import { randomBytes } from "node:crypto";
import type { BenchProcesses } from "@/scripts/bench/processes";
import type { BenchRow, LoadRequest } from "@/scripts/bench/schema";
import type { LargeFabric } from "@/scripts/bench/seed";

/** More creates than a run gets done: each has a name of its own. */
const creates = 12_000;

/** The rows of the management API, by an access token, in a fabric of 10,000 secrets. */
export function managementRows(
  processes: BenchProcesses,
  { webUrl, pid, fabric }: { webUrl: string; pid: number | undefined; fabric: LargeFabric },
  seconds: number,
): BenchRow[] {
  const path = `/api/orchestration/fabric/${fabric.fabricId}/secret`;
  const headers = { "x-auth-token": fabric.accessToken };
  const load = (requests: LoadRequest[], clients: number, expect = 200) =>
    processes.load({
      kind: "http",
      url: webUrl,
      requestsFile: processes.keep(requests),
      clients,
      seconds,
      expect,
    });
  const get = (query: string): LoadRequest => ({ method: "GET", path: `${path}?${query}`, headers });
  const create = (): LoadRequest => ({
    method: "POST",
    path,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({
      kind: "prophecy",
      subKind: "text",
      properties: { name: `made_${randomBytes(8).toString("hex")}`, value: randomBytes(24).toString("hex") },
    }),
  });
  const searches = Array.from({ length: 100 }, (_, i) => get(`limit=50&search=${9_900 + i}`));
  const nothing: LoadRequest = { method: "GET", path: "/api/orchestration/nothing", headers: {} };
  return [
    {
      title: "yardstick: an answer of web without a query",
      pid,
      run: (n) => load([nothing], n, 404),
    },
    {
      title: "create a secret by the API",
      pid,
      run: (n) => load(Array.from({ length: creates }, create), n),
    },
    { title: "list 50 of 10,000", pid, run: (n) => load([get("limit=50")], n) },
    { title: "search in 10,000", pid, run: (n) => load(searches, n) },
  ];
}
