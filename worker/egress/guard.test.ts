import { fork, spawn } from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import type { Destination } from "@/lib/connectors/destination";
import { type Listening, listen } from "@/testing/servers/listening";
import { startRawServer } from "@/testing/servers/raw-server";
import { admitMembers, installEgressGuard, type SocketFailure } from "@/worker/egress/guard";

// The guard is permanent for this process. Its destinations change for each test.
const destinations: Destination[] = [];
const egressAllow: string[] = [];
const failures: SocketFailure[] = [];
const lookups: string[] = [];
let answers: string[][] = [];
let members: string[] = [];
let server: Listening;
let other: Listening;
let redirecting: Listening;
let flooding: Listening;
let secure: Listening;
let ofName: Listening;
let ofAddress: Listening;
let authority: Authority;
const requests: string[] = [];

const install = () =>
  installEgressGuard({
    destinations,
    egressAllow,
    onProgress: () => {},
    onFailure: (failure) => failures.push(failure),
    resolve: async (host) => {
      lookups.push(host);
      return (answers.shift() ?? []).map((address) => ({ address, family: net.isIP(address) }));
    },
    resolveSrv: async (name) => {
      lookups.push(name);
      return members.map((member) => ({ name: member, port: server.port, priority: 0, weight: 0 }));
    },
  });

beforeAll(async () => {
  server = await startRawServer("silent");
  other = await startRawServer("silent");
  redirecting = await listen(http.createServer(redirect));
  flooding = await listen(net.createServer(flood));
  authority = await createAuthority("Authority of sessions");
  const certificate = await authority.issue({ names: ["rebind.example.com"] });
  secure = await listen(tls.createServer(certificate, (socket) => socket.end("hello")));
  ofName = await listen(tls.createServer(await authority.issue({ names: ["localhost"] })));
  ofAddress = await listen(tls.createServer(await authority.issue({ names: ["127.0.0.1"] })));
  install();
});
afterAll(() =>
  Promise.all([server, other, redirecting, flooding, secure, ofName, ofAddress].map((one) => one.close())),
);
beforeEach(() => {
  destinations.length = 0;
  failures.length = 0;
  lookups.length = 0;
  egressAllow.splice(0, egressAllow.length, "127.0.0.0/8");
  allow("rebind.example.com", server.port);
});

function redirect(request: http.IncomingMessage, response: http.ServerResponse) {
  requests.push(request.url ?? "");
  response.writeHead(302, { location: `http://elsewhere.example.com:${other.port}/` }).end();
}

function flood(socket: net.Socket) {
  const pour = () => {
    let isTaken = true;
    while (isTaken) isTaken = socket.write(Buffer.alloc(65_536));
  };
  socket.on("drain", pour);
  pour();
}

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

/** The dialled address, or null when the guard refused. */
function dial(target: net.TcpNetConnectOpts | net.IpcNetConnectOpts): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect(target);
    const end = (address: string | null) => {
      socket.destroy();
      resolve(address);
    };
    socket.on("connect", () => end(socket.remoteAddress ?? null));
    socket.on("error", () => end(null));
    socket.on("close", () => end(null));
  });
}

describe("a host name", () => {
  it("is resolved once, and the guard dials the address that it checked", async () => {
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

  it("cannot come with its own lookup function", async () => {
    answers = [["10.0.0.1"]];
    const lookup: net.LookupFunction = (_host, _options, done) => done(null, "127.0.0.1", 4);
    expect(await dial({ host: "rebind.example.com", port: server.port, lookup })).toBeNull();
  });
});

describe("an address", () => {
  it("is refused and reported when the socket connected to another one than the guard allowed", async () => {
    answers = [["127.0.0.1"]];
    const socket = new net.Socket();
    Object.defineProperty(socket, "remoteAddress", { value: "127.0.0.2" });
    socket.connect({ host: "rebind.example.com", port: server.port });
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ message: "Refused by the egress guard." });
    expect(failures).toMatchObject([{ step: "network", code: "address_refused" }]);
  });

  it.each(["127.0.0.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"])(
    "written as %s is checked by its meaning",
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

describe("an address that is not a destination of this check", () => {
  it("is not dialled: another port, another host, a socket file, or an empty target", async () => {
    answers = [["127.0.0.1"]];
    expect(await dial({ host: "rebind.example.com", port: other.port })).toBeNull();
    expect(await dial({ host: "127.0.0.1", port: server.port })).toBeNull();
    expect(await dial({ port: server.port })).toBeNull();
    expect(await dial({ path: "/tmp/any.sock" })).toBeNull();
    await expect(fetch(`http://127.0.0.1:${other.port}`)).rejects.toThrow();
    expect(lookups).toEqual([]);
    expect(other.openConnections()).toBe(0);
  });

  it("is not reachable by datagram, name service, process, thread or listening port", () => {
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

describe("an allowed range with a port", () => {
  it("opens that port only, for an address and for a name", async () => {
    for (const port of [server.port, other.port]) {
      allow("127.0.0.1", port);
      allow("rebind.example.com", port);
    }
    answers = [["127.0.0.1"], ["127.0.0.1"]];
    egressAllow.splice(0, egressAllow.length, `127.0.0.1/32:${server.port}`);
    for (const host of ["127.0.0.1", "rebind.example.com"]) {
      expect(await dial({ host, port: server.port })).toBe("127.0.0.1");
      expect(await dial({ host, port: other.port })).toBeNull();
    }
    expect(failures).toMatchObject([{ code: "address_refused" }, { code: "address_refused" }]);
    expect(other.openConnections()).toBe(0);
  });
});

describe("a name of this machine", () => {
  it.each(["localhost", "localhost.", "LOCALHOST", "printer.localhost."])(
    "such as %s is checked by the address that it resolves to",
    async (host) => {
      allow(host, server.port);
      egressAllow.length = 0;
      answers = [["127.0.0.1"], ["::1"]];
      expect(await dial({ host, port: server.port })).toBeNull();
      expect(await dial({ host, port: server.port })).toBeNull();
      expect(failures).toMatchObject([{ code: "address_refused" }, { code: "address_refused" }]);
    },
  );
});

describe("a metadata address", () => {
  it.each([
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
  ])("written as %s is never dialled, whatever destinations are allowed", async (host) => {
    allow(host, server.port);
    egressAllow.splice(0, egressAllow.length, "0.0.0.0/0", "::/0");
    expect(await dial({ host, port: server.port })).toBeNull();
    expect(failures).toMatchObject([{ code: "address_refused" }]);
  });
});

describe("a redirect", () => {
  it("to another server is not dialled, even by a client that follows it", async () => {
    allow("rebind.example.com", redirecting.port);
    answers = [["127.0.0.1"], ["127.0.0.1"]];
    await expect(fetch(`http://rebind.example.com:${redirecting.port}/here`)).rejects.toThrow();
    expect(requests).toEqual(["/here"]);
    expect(lookups).toEqual(["rebind.example.com"]);
    expect(failures).toMatchObject([{ code: "address_refused", destination: null }]);
  });
});

describe("a server's answer", () => {
  it("is cut off before it fills the memory", async () => {
    allow("rebind.example.com", flooding.port);
    answers = [["127.0.0.1"]];
    let received = 0;
    await new Promise<void>((resolve) => {
      const socket = net.connect({ host: "rebind.example.com", port: flooding.port });
      socket.on("data", (chunk) => {
        received += chunk.length;
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
    expect(received).toBeGreaterThan(7 * 1024 * 1024);
    expect(received).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(failures).toMatchObject([{ code: "answer_too_large" }]);
  });
});

describe("a TLS session", () => {
  it("is never resumed, by any route of a client", async () => {
    allow("rebind.example.com", secure.port);
    answers = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]];
    install();
    const sessions: (Buffer | undefined)[] = [];
    const shake = async (session?: Buffer) => {
      const endpoint = { host: "rebind.example.com", port: secure.port, ca: authority.cert };
      const socket = tls.connect({ ...endpoint, ...(session !== undefined && { session }) });
      socket.on("session", (one) => sessions.push(one)).resume();
      await once(socket, "secureConnect");
      const isResumed = socket.isSessionReused();
      await once(socket, "close");
      sessions.push(socket.getSession());
      return isResumed;
    };
    expect([await shake(), await shake()]).toEqual([false, false]);
    expect(sessions).toEqual([undefined, undefined]);
  });
});

describe("TLS over an open connection, without a server name, as database drivers use it for an address", () => {
  const shake = async (port: number) => {
    allow("127.0.0.1", port);
    install();
    const open = net.connect({ host: "127.0.0.1", port });
    await once(open, "connect");
    const socket = tls.connect({ socket: open, ca: authority.cert });
    const outcome = await once(socket, "secureConnect").then(
      () => "trusted",
      (error) => error.code,
    );
    socket.destroy();
    return outcome;
  };

  it("compares the certificate with that address, not with localhost", async () => {
    expect(await shake(ofName.port)).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await shake(ofAddress.port)).toBe("trusted");
  });
});

/* The specification "Initial DNS Seedlist Discovery" of mongodb+srv. */
describe("a service with members", () => {
  const service: Destination = {
    protocol: "mongodb+srv",
    host: "cluster0.abcde.mongodb.example",
    port: 27_017,
    srv: true,
    hostField: "host",
    portField: "host",
    secretFields: ["password"],
  };
  const find = () => admitMembers("_mongodb._tcp");
  beforeEach(() => {
    install();
    destinations.push(service);
  });

  it("is refused when this check does not have it", async () => {
    members = ["shard-00.abcde.mongodb.example"];
    destinations.length = 0;
    await expect(find()).rejects.toThrow("Refused by the egress guard.");
    expect(lookups).toEqual([]);
  });

  it("is dialled at the members that DNS returns, each checked like any address", async () => {
    members = ["shard-00.abcde.mongodb.example", "shard-01.abcde.mongodb.example"];
    const found = await find();
    expect(lookups).toEqual(["_mongodb._tcp.cluster0.abcde.mongodb.example"]);
    expect(found.map(({ host }) => host)).toEqual(members);
    answers = [["127.0.0.1"], ["169.254.169.254"]];
    expect(await dial({ host: members[0] ?? "", port: server.port })).toBe("127.0.0.1");
    expect(await dial({ host: members[1] ?? "", port: server.port })).toBeNull();
    expect(await dial({ host: "shard-02.abcde.mongodb.example", port: server.port })).toBeNull();
  });

  it.each([
    ["of another domain", ["shard-00.abcde.mongodb.example", "thief.example.com"]],
    ["whose domain only ends alike", ["shard.evilabcde.mongodb.example"]],
    ["that is an address", ["169.254.169.254"]],
    ["that is loopback by name", ["localhost."]],
    ["that is not there", []],
  ])("is refused as a whole for a member %s", async (_what, names) => {
    members = names;
    await expect(find()).rejects.toThrow("Refused by the egress guard.");
    expect(failures).toMatchObject([{ step: "name", code: "address_refused" }]);
    answers = [["127.0.0.1"]];
    expect(await dial({ host: names[0] ?? "x", port: server.port })).toBeNull();
  });

  it("is forgotten with its members when the next check begins", async () => {
    members = ["shard-00.abcde.mongodb.example"];
    await find();
    install();
    answers = [["127.0.0.1"]];
    expect(await dial({ host: members[0] ?? "", port: server.port })).toBeNull();
  });
});
