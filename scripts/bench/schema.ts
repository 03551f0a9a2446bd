/** One request that the load generator sends. */
export type LoadRequest = {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
};

/** The input of a load process. Each client waits for its answer before it sends again. */
export type LoadJob = { clients: number; seconds: number; expect: number } & (
  | { kind: "http"; url: string; requestsFile: string }
  | { kind: "sql"; url: string; text: string; valuesFile: string }
);

/** The result of the measured time; `answers` also counts the warm-up. */
export type LoadResult = {
  answers: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failures: number;
};

/**
 * One row of the table. `unitsPerRequest` is above 1 when one request does several units of work. `pid` is
 * the answering program, if not automate.
 */
export type BenchRow = {
  title: string;
  unitsPerRequest?: number;
  pid?: number | undefined;
  run(clients: number): Promise<LoadResult>;
};
