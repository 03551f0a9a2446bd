import { randomBytes } from "node:crypto";
import type { BenchProcesses } from "@/scripts/bench/processes";
import type { BenchRow, LoadRequest } from "@/scripts/bench/schema";
import type { LargeFabric } from "@/scripts/bench/seed";

/** More creates than one run can finish. Each uses its own name. */
const creates = 12_000;

/** The rows of the management API, with an access token, in a fabric of 10,000 secrets. */
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
  const search = (term: number) => get(`limit=50&search=${term}`);
  const few = Array.from({ length: 100 }, (_, i) => search(9_900 + i));
  const many = Array.from({ length: 8_000 }, (_, i) => search(2_000 + i));
  const readPages = async () => {
    const pages = [get("limit=50")];
    for (
      let next = await nextAfter(webUrl, pages[0]);
      next !== null;
      next = await nextAfter(webUrl, pages.at(-1))
    )
      pages.push(get(`limit=50&after=${next}`));
    return pages;
  };
  let pages: Promise<LoadRequest[]> | undefined;
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
    {
      title: "list 50 of 10,000, every client another page",
      pid,
      run: async (n) => {
        pages ??= readPages();
        return load(await pages, n);
      },
    },
    { title: "list 50 of 10,000 by last use", pid, run: (n) => load([get("limit=50&sort=used")], n) },
    {
      title: "list 50 of 10,000 that were never replaced",
      pid,
      run: (n) => load([get("limit=50&state=never_replaced")], n),
    },
    { title: "search in 10,000", pid, run: (n) => load(few, n) },
    { title: "search in 10,000, every client another term", pid, run: (n) => load(many, n) },
  ];
}

/** The cursor after this page; null at the end. */
async function nextAfter(webUrl: string, page: LoadRequest | undefined): Promise<string | null> {
  const answer = await fetch(`${webUrl}${page?.path}`, { headers: page?.headers ?? {} });
  return ((await answer.json()) as { data: { next: string | null } }).data.next;
}
