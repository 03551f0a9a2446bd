import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildCheckWorker } from "@/e2e/fakes/built-worker";
import { type Authority, createAuthority } from "@/e2e/fakes/certificates";
import { examples } from "@/e2e/fakes/examples/registry";
import { type Listening, listen } from "@/e2e/fakes/listening";
import { startRestApiServer } from "@/e2e/fakes/rest-api-server";
import { startTokenServer } from "@/e2e/fakes/token-server";
import { createJob, type Secrets, type World } from "@/e2e/fakes/trial-job";

/*
 * Two checks in one worker, as it is shipped: each connects and signs in by itself, or it would be called checked without having
 * been; and what the first left behind cannot fail the second.
 */
const built = buildCheckWorker("routed");
const open: { close(): Promise<void> }[] = [];
let authority: Authority;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterEach(async () => {
  worker?.kill("SIGKILL");
  worker = undefined;
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(() => built.remove());

function startWorker(world: World): void {
  writeFileSync(built.routesFile, JSON.stringify(world));
  worker = fork(built.path, [], {
    env: { NODE_ENV: "production" },
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

/** What the worker says of one check, but for its steps. */
function check(kind: string, properties: object, secrets: Secrets): Promise<object[]> {
  const job = { ...createJob(kind, properties, secrets), egressAllow: ["127.0.0.0/8"] };
  return new Promise((resolve, reject) => {
    const said: object[] = [];
    assert(worker !== undefined);
    worker.removeAllListeners();
    worker.on("exit", () => reject(new Error("The worker died.")));
    worker.on("message", (message: { type: string } | { type: string }[]) => {
      for (const one of [message].flat()) {
        if (one.type === "at_rest" || one.type === "result") said.push(one);
        if (one.type === "at_rest" || ("ok" in one && !one.ok)) resolve(said);
      }
    });
    worker.send(job);
  });
}

const passed = [expect.objectContaining({ type: "result", ok: true }), { type: "at_rest" }];

/** Counts what comes to the servers of this process: connections, and handshakes of TLS that began from nothing. */
function countArrivals() {
  const counts = { connections: 0, handshakes: 0, resumed: 0 };
  const { emit } = net.Server.prototype;
  const emitSecured = tls.TLSSocket.prototype.emit;
  net.Server.prototype.emit = function counted(this: net.Server, event: string | symbol, ...args: unknown[]) {
    if (event === "connection" && args[0] instanceof net.Socket && !(args[0] instanceof tls.TLSSocket))
      counts.connections += 1;
    return Reflect.apply(emit, this, [event, ...args]);
  } as typeof emit;
  tls.TLSSocket.prototype.emit = function counted(
    this: tls.TLSSocket,
    event: string | symbol,
    ...args: unknown[]
  ) {
    if (event === "secure") counts[this.isSessionReused() ? "resumed" : "handshakes"] += 1;
    return Reflect.apply(emitSecured, this, [event, ...args]);
  } as typeof emitSecured;
  return {
    take: () => {
      const taken = { ...counts };
      Object.assign(counts, { connections: 0, handshakes: 0, resumed: 0 });
      return taken;
    },
    [Symbol.dispose]() {
      net.Server.prototype.emit = emit;
      Reflect.deleteProperty(tls.TLSSocket.prototype, "emit");
    },
  };
}

/** These are checked against the real server, which is not in this process; the one of the next test is. */
const elsewhere = ["postgres", "redshift"];

describe("two checks of one worker", () => {
  it.each(Object.entries(examples))("connect and shake hands twice: %s", async (kind, example) => {
    using arrivals = countArrivals();
    const started = await example.start(authority);
    open.push(started);
    startWorker({ routes: started.routes, authorities: [authority.cert] });

    expect(await check(kind, example.properties, example.secrets)).toEqual(passed);
    const first = arrivals.take();
    expect(await check(kind, example.properties, example.secrets)).toEqual(passed);
    const second = arrivals.take();

    expect(second).toEqual(first);
    expect(second.resumed).toBe(0);
    if (!elsewhere.includes(kind)) expect(second.connections).toBeGreaterThan(0);
    if (["tls", "https", "starttls"].includes(example.transport))
      expect(second.handshakes).toBeGreaterThan(0);
  });

  it("buy a token each", async () => {
    const client = { clientId: "selvage", clientSecret: "canary-client-secret" };
    const tokens = await startTokenServer({ client });
    const api = await startRestApiServer({ isValidToken: tokens.isValid });
    open.push(tokens, api);
    startWorker({ routes: {}, authorities: [] });
    const properties = { baseUrl: api.baseUrl, tlsMode: "disable", authType: "oauth_client_credentials" };
    const secrets = { oauthClient: { ...client, authUrl: tokens.authUrl } };

    expect(await check("restapi", properties, secrets)).toEqual(passed);
    expect(tokens.asked()).toBe(1);
    expect(await check("restapi", properties, secrets)).toEqual(passed);
    expect(tokens.asked()).toBe(2);
  });
});

describe("what a first check left behind", () => {
  it("leaves no connection open", async () => {
    const server = await startPatientServer();
    startWorker({ routes: {}, authorities: [] });
    const baseUrl = `http://127.0.0.1:${server.port}`;
    expect(await check("restapi", { baseUrl, tlsMode: "disable" }, {})).toEqual(passed);
    await expect.poll(() => server.openConnections()).toBe(0);
  });

  it("cannot fail the second, whatever its server sends in the meantime", async () => {
    const server = await startPatientServer((socket) => {
      socket.write("HTTP/1.1 999 garbage\r\n\r\n");
      socket.resetAndDestroy();
    });
    startWorker({ routes: {}, authorities: [] });
    const baseUrl = `http://127.0.0.1:${server.port}`;
    expect(await check("restapi", { baseUrl, tlsMode: "disable" }, {})).toEqual(passed);
    expect(await check("restapi", { baseUrl, tlsMode: "disable" }, {})).toEqual(passed);
  });

  it("ends with its worker where it did not pass", async () => {
    const server = await startRestApiServer({ bearer: "canary-bearer-token" });
    open.push(server);
    startWorker({ routes: {}, authorities: [] });
    const properties = { baseUrl: server.baseUrl, tlsMode: "disable" };
    expect(await check("restapi", properties, {})).toEqual([
      expect.objectContaining({ ok: false, code: "credentials_missing" }),
    ]);
    worker?.removeAllListeners("exit");
    await expect.poll(() => worker?.exitCode).toBe(0);
  });
});

describe("a credential", () => {
  it("is not sent before automate was told that a sign-in begins", async () => {
    const steps: string[] = [];
    const api = http.createServer();
    const server = await listen(api);
    open.push(server);
    startWorker({ routes: {}, authorities: [] });
    worker?.on("message", (message: { step?: string; state?: string }[]) => {
      for (const { step, state } of [message].flat()) steps.push(`${step} ${state}`);
    });
    const properties = { baseUrl: `http://127.0.0.1:${server.port}`, tlsMode: "disable", authType: "bearer" };
    const job = createJob("restapi", properties, { bearerToken: "canary-bearer-token" });
    worker?.send({ ...job, egressAllow: ["127.0.0.0/8"] });
    await once(api, "request");
    // What had been said by then is read in this turn of the event loop or the next.
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toContain("sign_in started");
  });
});

/** Answers at once, keeps the connection, and does this to it when the next one has come; which it answers late. */
async function startPatientServer(meanwhile: (socket: net.Socket) => void = () => {}): Promise<Listening> {
  let earlier: net.Socket | undefined;
  const server = http.createServer((request, response) => {
    const answer = () =>
      response.writeHead(200, { "content-type": "application/json", connection: "keep-alive" }).end("{}");
    if (earlier === undefined) answer();
    else {
      meanwhile(earlier);
      setTimeout(answer, 150);
    }
    earlier = request.socket;
  });
  const listening = await listen(server);
  open.push(listening);
  return listening;
}
