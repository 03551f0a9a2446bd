import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { type CheckEvent, isBeforeSignIn } from "@/lib/connectors/check-protocol";
import type { Example } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { listen } from "@/testing/servers/listening";
import { createManyChecks } from "@/testing/servers/many-checks";
import { certificateFaults, socketFaults } from "@/testing/servers/misbehaving";
import { createJob } from "@/testing/servers/trial-job";

const checks = createManyChecks();
let authority: Authority;
beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterAll(() => checks.close());

/** Runs the example's job without its secrets. */
async function reach(kind: string, example: Example, routes: Record<string, number>): Promise<CheckEvent[]> {
  const { secrets: _secrets, ...job } = createJob(kind, example.properties, example.secrets);
  const standIns = { routes, authorities: [authority.cert] };
  return (await checks.runJob({ ...job, egressAllow: ["127.0.0.0/8"] }, standIns)).events;
}

const stepsOf = (events: CheckEvent[]) =>
  events.flatMap((event) => (event.type === "step" && event.state !== "started" ? [event.step] : []));

describe.concurrent.each(Object.entries(examples))("%s without its secrets", (kind, example) => {
  it("is reached, and its sign-in does not begin", async () => {
    const { routes, close } = await example.start(authority);
    const events = await reach(kind, example, routes);
    await close();
    expect(events.at(-1)).toMatchObject({ type: "result", ok: true });
    expect(stepsOf(events)).toEqual(["name", "network", "tls"]);
    expect(events.every((event) => event.type !== "step" || isBeforeSignIn(event.step))).toBe(true);
  });

  it("names a server that refuses the connection, and one with a stranger's certificate", async () => {
    const [place = ""] = example.endpoints;
    const strangers = [
      [socketFaults["refuses the connection"], { code: "connection_refused", step: "network" }],
      [certificateFaults["has a certificate of a stranger"], { code: "tls_untrusted", step: "tls" }],
    ] as const;
    for (const [stranger, finding] of strangers) {
      if (finding.step === "tls" && example.transport !== "https" && example.transport !== "tls") continue;
      const { port, close } = await stranger({ host: place.replace(/:\d+$/, ""), authority });
      const routes = Object.fromEntries(example.endpoints.map((each) => [each, port]));
      const events = await reach(kind, example, routes);
      await close();
      expect(events.at(-1)).toMatchObject({ ok: false, ...finding });
    }
  });
});

it("a token server is reached with TLS, and one with a stranger's certificate is named", async () => {
  const properties = { baseUrl: "https://api.example.com", authType: "oauth_client_credentials" };
  const oauthClient = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example.com/token" };
  const { secrets: _secrets, ...job } = createJob("restapi", properties, { oauthClient });
  const { restapi } = examples;
  if (!restapi) throw new Error("No example of restapi.");
  const api = await restapi.start(authority);
  const stranger = certificateFaults["has a certificate of a stranger"];
  const { port, close } = await stranger({ host: "idp.example.com", authority });
  const routes = { ...api.routes, "idp.example.com:443": port };
  const standIns = { routes, authorities: [authority.cert] };
  const { events } = await checks.runJob({ ...job, egressAllow: ["127.0.0.0/8"] }, standIns);
  await Promise.all([api.close(), close()]);
  expect(events.at(-1)).toMatchObject({ ok: false, code: "tls_untrusted", step: "tls" });
});

/** The first packet of MySQL 8: a driver answers it with its sign-in. */
const mysqlGreeting = Buffer.concat([
  Buffer.from([74, 0, 0, 0, 10]),
  Buffer.from("8.0.36\0"),
  Buffer.from([1, 0, 0, 0]),
  Buffer.from("abcdefgh\0"),
  Buffer.from([0xff, 0xf7, 0xff, 2, 0, 0xff, 0xdf, 21, ...Array<number>(10).fill(0)]),
  Buffer.from("ijklmnopqrst\0mysql_native_password\0"),
]);

it.each(["postgres", "mysql", "restapi"])("%s in clear sends not one byte", async (kind) => {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    // A server that greets first has the driver's ear at once.
    socket.on("error", () => {}).on("data", (data) => received.push(data));
    if (kind === "mysql") socket.write(mysqlGreeting);
  });
  const { port, close } = await listen(server);
  const example = examples[kind];
  if (!example) throw new Error(`No example of ${kind}.`);
  const properties = { ...example.properties, tlsMode: "disable" };
  if (kind === "restapi") Object.assign(properties, { baseUrl: "http://api.example.com:80" });
  const places = { [`${kind === "restapi" ? "api.example.com:80" : example.endpoints[0]}`]: port };
  const events = await reach(kind, { ...example, properties }, places);
  await close();
  expect(events.at(-1)).toMatchObject({ ok: true });
  expect(Buffer.concat(received).toString()).toBe("");
});

it("a server that demands a client certificate is reached when the connection has one", async () => {
  const { key, cert } = await authority.issue({ names: ["api.example.com"] });
  const demanding = {
    key,
    cert,
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion: "TLSv1.2",
  } as const;
  const { port, close } = await listen(createTlsServer(demanding, (socket) => socket.on("error", () => {})));
  const properties = { baseUrl: "https://api.example.com", authType: "bearer" };
  const routes = { "api.example.com:443": port };
  const run = async (secrets: Example["secrets"]) => {
    const { secrets: _secrets, ...job } = createJob("restapi", properties, secrets);
    const standIns = { routes, authorities: [authority.cert] };
    return (await checks.runJob({ ...job, egressAllow: ["127.0.0.0/8"] }, standIns)).events.at(-1);
  };
  const certificate = { clientCertificate: new Uint8Array(1), clientKey: new Uint8Array(1) };
  expect(await run({ bearerToken: "t" })).toMatchObject({ ok: false, step: "tls" });
  expect(await run({ bearerToken: "t", ...certificate })).toMatchObject({ ok: true });
  await close();
});

it("a failure that the connection's own CA certificate may resolve is left to the whole check", async () => {
  const example = examples.mongodb;
  if (!example) throw new Error("No example of mongodb.");
  const [place = ""] = example.endpoints;
  const stranger = certificateFaults["has a certificate of a stranger"];
  const { port, close } = await stranger({ host: place.replace(/:\d+$/, ""), authority });
  const secrets = { ...example.secrets, caCertificate: "a certificate" };
  const events = await reach("mongodb", { ...example, secrets }, { [place]: port });
  await close();
  expect(events.at(-1)).toMatchObject({ ok: true });
});
