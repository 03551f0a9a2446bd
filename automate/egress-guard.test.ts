import { fork, spawn } from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { installEgressGuard, type SocketFailure } from "@/automate/egress-guard";
import type { Listening } from "@/e2e/fakes/listening";
import { startRawServer } from "@/e2e/fakes/raw-server";
import type { Destination } from "@/lib/connectors/destination";

// The guard is for good, so that this file's whole process is guarded; what it looks at changes per test.
const destinations: Destination[] = [];
const egressAllow: string[] = [];
const failures: SocketFailure[] = [];
const lookups: string[] = [];
let answers: string[][] = [];
let server: Listening;
let other: Listening;

beforeAll(async () => {
  server = await startRawServer("silent");
  other = await startRawServer("silent");
  installEgressGuard({
    destinations,
    egressAllow,
    onProgress: () => {},
    onFailure: (failure) => failures.push(failure),
    resolve: async (host) => {
      lookups.push(host);
      return (answers.shift() ?? []).map((address) => ({ address, family: net.isIP(address) }));
    },
  });
});
afterAll(() => Promise.all([server.close(), other.close()]));
beforeEach(() => {
  destinations.length = 0;
  failures.length = 0;
  lookups.length = 0;
  egressAllow.splice(0, egressAllow.length, "127.0.0.0/8");
  allow("rebind.example.com", server.port);
});

function allow(host: string, port: number) {
  destinations.push({
    protocol: "postgres",
    host,
    port,
    hostField: "server",
    portField: "port",
    secretFields: [],
  });
}

/** The address that was dialled, or null when none was. */
function dial(target: net.TcpNetConnectOpts | net.IpcNetConnectOpts): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect(target);
    const end = (address: string | null) => {
      socket.destroy();
      resolve(address);
    };
    socket.on("connect", () => end(socket.remoteAddress ?? null));
    socket.on("error", () => end(null));
  });
}

describe("a name", () => {
  it("is looked up once, and the address that was judged is the one that is dialled", async () => {
    answers = [["127.0.0.1"], ["169.254.169.254"]];
    expect(await dial({ host: "rebind.example.com", port: server.port })).toBe("127.0.0.1");
    expect(lookups).toEqual(["rebind.example.com"]);
    expect(await dial({ host: "rebind.example.com", port: server.port })).toBeNull();
    expect(failures).toMatchObject([{ step: "network", code: "address_refused" }]);
  });

  it.each([
    ["one bad address among good ones", ["127.0.0.1", "169.254.169.254"]],
    ["a mapped metadata address", ["::ffff:169.254.169.254"]],
    ["a private address that was not opened", ["10.0.0.1"]],
    ["no address", []],
  ])("is refused for %s", async (_what, addresses) => {
    answers = [addresses];
    expect(await dial({ host: "rebind.example.com", port: server.port })).toBeNull();
    expect(failures).toMatchObject([{ code: "address_refused" }]);
  });

  it("is the same with a trailing dot and in capitals", async () => {
    answers = [["127.0.0.1"]];
    expect(await dial({ host: "Rebind.Example.Com.", port: server.port })).toBe("127.0.0.1");
  });

  it("cannot bring its own look-up", async () => {
    answers = [["10.0.0.1"]];
    const lookup: net.LookupFunction = (_host, _options, done) => done(null, "127.0.0.1", 4);
    expect(await dial({ host: "rebind.example.com", port: server.port, lookup })).toBeNull();
  });
});

describe("an address", () => {
  it.each(["127.0.0.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"])(
    "written as %s is judged for what it means",
    async (host) => {
      allow(host, server.port);
      egressAllow.length = 0;
      expect(await dial({ host, port: server.port })).toBeNull();
      expect(failures).toMatchObject([{ code: "address_refused" }]);
      egressAllow.push("127.0.0.0/8");
      expect(await dial({ host, port: server.port })).toMatch(/127\.0\.0\.1$/);
    },
  );
});

describe("what is not a destination of this check", () => {
  it("is not dialled: another port, another host, a socket file, or nothing said", async () => {
    answers = [["127.0.0.1"]];
    expect(await dial({ host: "rebind.example.com", port: other.port })).toBeNull();
    expect(await dial({ host: "127.0.0.1", port: server.port })).toBeNull();
    expect(await dial({ port: server.port })).toBeNull();
    expect(await dial({ path: "/tmp/any.sock" })).toBeNull();
    await expect(fetch(`http://127.0.0.1:${other.port}`)).rejects.toThrow();
    expect(lookups).toEqual([]);
    expect(other.openConnections()).toBe(0);
  });

  it("is not reached by datagram, name service, process, thread or a port of one's own", () => {
    const ways: (() => unknown)[] = [
      () => dgram.createSocket("udp4"),
      () => dns.lookup("example.com", () => {}),
      () => dns.promises.resolve("example.com"),
      () => new dns.Resolver().resolve4("example.com", () => {}),
      () => spawn("true"),
      () => fork("x.mjs"),
      () => new Worker("x.mjs"),
      () => net.createServer().listen(0),
    ];
    for (const way of ways) expect(way).toThrow("Refused by the egress guard.");
  });
});
