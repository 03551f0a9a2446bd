import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import type { Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { builtRoutedCheckWorker } from "@/testing/servers/built-worker";
import { listen } from "@/testing/servers/listening";
import { createJob } from "@/testing/servers/trial-job";
import type { CheckJob } from "@/worker/protocol";

/* The shipped worker, driven by automate's protocol. */
const built = builtRoutedCheckWorker();
writeFileSync(built.routesFile, JSON.stringify({ routes: {}, authorities: [] }));
const open: { close(): Promise<void> }[] = [];
let worker: ChildProcess | undefined;

afterEach(async () => {
  worker?.kill("SIGKILL");
  await Promise.all(open.splice(0).map((server) => server.close()));
});

type Message = { type?: string; step?: string; state?: string; ok?: boolean };

/** A worker, its messages so far, and its exit code. */
function startWorker() {
  const started = fork(built.path, [], {
    env: { NODE_ENV: "production" },
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  worker = started;
  const messages: Message[] = [];
  started.on("message", (message: Message) => messages.push(message));
  const exit = once(started, "exit").then(([code]) => code);
  return { send: (message: object) => void started.send(message), messages, exit };
}

/** A REST API that answers and keeps each connection open. `onRequest` may delay the answer. */
async function startApi(onRequest: (answer: () => void, socket: Socket) => void = (answer) => answer()) {
  const requests: string[] = [];
  const api = http.createServer((request, response) => {
    requests.push(request.url ?? "");
    const answer = () => void response.writeHead(200, { "content-type": "application/json" }).end("{}");
    onRequest(answer, request.socket);
  });
  api.keepAliveTimeout = 60_000;
  const server = await listen(api);
  open.push(server);
  const properties = { baseUrl: `http://127.0.0.1:${server.port}`, tlsMode: "disable", authType: "bearer" };
  const job: CheckJob = {
    ...createJob("restapi", properties, { bearerToken: "canary-bearer-token" }),
    egressAllow: ["127.0.0.0/8"],
  };
  return { api, server, requests, job };
}

it("runs one check, sends steps and one result, and closes its connections", async () => {
  const { server, job } = await startApi();
  const { send, messages } = startWorker();
  send({ prepareFor: "restapi" });
  send(job);
  await expect.poll(() => messages.at(-1)?.type, { timeout: 10_000 }).toBe("result");
  expect(messages.map(({ type, step, state }) => [type, step, state].filter(Boolean).join(" "))).toEqual([
    "step name started",
    "step name passed",
    "step network started",
    "step network passed",
    "step tls skipped",
    "step sign_in started",
    "step sign_in passed",
    "step permission started",
    "step permission passed",
    "result",
  ]);
  expect(messages.at(-1)).toMatchObject({ ok: true });
  expect(server.openConnections()).toBe(1);
  worker?.kill("SIGKILL");
  await expect.poll(() => server.openConnections()).toBe(0);
});

it("ends on a second check without running it", async () => {
  const { requests, job } = await startApi(() => {});
  const other = await startApi();
  const { send, messages, exit } = startWorker();
  send(job);
  await expect.poll(() => requests.length, { timeout: 10_000 }).toBe(1);
  send(other.job);
  expect(await exit).toBe(1);
  expect(other.requests).toEqual([]);
  expect(messages.filter(({ type }) => type === "result")).toEqual([]);
});

it("ends when automate does", async () => {
  const { requests, job } = await startApi(() => {});
  const { send, exit } = startWorker();
  send(job);
  await expect.poll(() => requests.length, { timeout: 10_000 }).toBe(1);
  worker?.disconnect();
  expect(await exit).toBe(0);
});

it("reports the start of a sign-in before it sends a credential", async () => {
  const { api, job } = await startApi();
  const { send, messages } = startWorker();
  send(job);
  await once(api, "request");
  // Messages sent before the request arrive in this turn of the event loop or the next.
  await new Promise((resolve) => setImmediate(resolve));
  expect(messages).toContainEqual({ type: "step", step: "sign_in", state: "started" });
});

it("reports its result when a driver throws an uncaught error", async () => {
  const { job } = await startApi((_answer, socket) => socket.end("HTTP/1.1 999 garbage\r\n\r\n"));
  const { send, messages } = startWorker();
  send(job);
  await expect.poll(() => messages.at(-1), { timeout: 10_000 }).toMatchObject({ type: "result", ok: false });
});
