import { readFileSync } from "node:fs";
import { Client } from "pg";
import { Client as HttpClient } from "undici";
import type { LoadJob, LoadRequest, LoadResult } from "@/scripts/bench/schema";

/*
 * The load generator, a separate process: `LoadJob` as its argument, `LoadResult` on its output. Each client
 * sends a request, waits for the answer and repeats. Any unexpected answer is a failure.
 */
const job = JSON.parse(process.argv[2] ?? "{}") as LoadJob;
const warmUpMs = 3000;
const latencies: number[] = [];
let answers = 0;
let failures = 0;
let measureFrom = Number.POSITIVE_INFINITY;
let end = Number.POSITIVE_INFINITY;

const senders = await Promise.all(Array.from({ length: job.clients }, (_, i) => connect(i)));
measureFrom = performance.now() + warmUpMs;
end = measureFrom + job.seconds * 1000;
await Promise.all(senders.map(repeat));
latencies.sort((a, b) => a - b);
const result: LoadResult = {
  answers,
  perSecond: latencies.length / job.seconds,
  p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
  p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  failures,
};
process.stdout.write(JSON.stringify(result));
process.exit(0);

async function repeat(send: () => Promise<boolean>): Promise<void> {
  for (let startedAt = performance.now(); startedAt < end; ) {
    const isGood = await send();
    const now = performance.now();
    answers += 1;
    if (startedAt >= measureFrom) {
      latencies.push(now - startedAt);
      if (!isGood) failures += 1;
    }
    startedAt = now;
  }
}

async function connect(index: number): Promise<() => Promise<boolean>> {
  return job.kind === "sql" ? connectSql(job, index) : connectHttp(job, index);
}

async function connectSql({ url, text, valuesFile, expect }: LoadJob & { kind: "sql" }, index: number) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const values = JSON.parse(readFileSync(valuesFile, "utf8")) as string[][];
  let next = Math.floor((index * values.length) / job.clients);
  return async () => {
    next += 1;
    const { rowCount } = await client.query({ name: "q", text, values: values[next % values.length] ?? [] });
    return rowCount === expect;
  };
}

async function connectHttp({ url, requestsFile, expect }: LoadJob & { kind: "http" }, index: number) {
  const client = new HttpClient(url, { pipelining: 1 });
  const requests = JSON.parse(readFileSync(requestsFile, "utf8")) as LoadRequest[];
  let next = Math.floor((index * requests.length) / job.clients);
  return () => {
    next += 1;
    const request = requests[next % requests.length];
    if (!request) throw new Error("There are no requests.");
    return new Promise<boolean>((resolve) => {
      let status = 0;
      // undici's cheapest API, because the generator shares its cores with the measured program.
      client.dispatch(request, {
        onRequestStart() {},
        onResponseData() {},
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseEnd: () => resolve(status === expect),
        onResponseError: () => resolve(false),
      });
    });
  };
}
