/** One request that the load generator sends. */
export type LoadRequest = {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
};

/** What a load process does for some seconds with some clients, each of which waits for its answer. */
export type LoadJob = { clients: number; seconds: number; expect: number } & (
  | { kind: "http"; url: string; requestsFile: string }
  | { kind: "sql"; url: string; text: string; valuesFile: string }
);

/** What it saw while it measured; `answers` are all, those of the warm-up too. */
export type LoadResult = {
  answers: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failures: number;
};

/** One line of the table. `unitsPerRequest` is above 1 where one request does many; `pid` is the program that answers, where it is not automate. */
export type BenchRow = {
  title: string;
  unitsPerRequest?: number;
  pid?: number | undefined;
  run(clients: number): Promise<LoadResult>;
};
