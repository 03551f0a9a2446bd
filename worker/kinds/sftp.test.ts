import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createTrials, type TrialOptions } from "@/testing/servers/check-trial";
import { closedPort, startRawServer } from "@/testing/servers/raw-server";
import {
  createSshKey,
  type SftpServer,
  type SftpServerOptions,
  startSftpServer,
} from "@/testing/servers/sftp-server";
import type { Secrets } from "@/testing/servers/trial-job";

const password = "canary-pässword";
const userKey = createSshKey();
const users = { ana: { password }, key: { publicKey: userKey.public } };
const trials = createTrials();
const servers: SftpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => trials.close());

async function start(options: Partial<SftpServerOptions> = {}): Promise<SftpServer> {
  const server = await startSftpServer({ users, ...options });
  servers.push(server);
  return server;
}

function check(
  server: SftpServer,
  change: object = {},
  secrets: Secrets = { password },
  options: TrialOptions = {},
) {
  const { port, fingerprint } = server;
  const properties = { host: "127.0.0.1", port, username: "ana", hostKeyFingerprint: fingerprint, ...change };
  return trials.run("sftp", properties, secrets, options);
}

describe("the host key", () => {
  it("is shown before the check sends any credential, until a person confirms it", async () => {
    const server = await start();
    const { result, passed } = await check(server, { hostKeyFingerprint: "" });
    expect(result).toMatchObject({
      ok: false,
      code: "host_key_unknown",
      step: "tls",
      field: "hostKeyFingerprint",
      facts: { hostKeyFingerprint: server.fingerprint },
    });
    expect(passed).toEqual(["name", "network"]);
    expect(server.attempts).toEqual([]);
  });

  it("causes a failure when it has changed, and the check sends no credential", async () => {
    const server = await start();
    const before = { hostKeyFingerprint: `SHA256:${"A".repeat(43)}` };
    expect((await check(server, before)).result).toMatchObject({
      code: "host_key_changed",
      step: "tls",
      facts: { hostKeyFingerprint: server.fingerprint },
    });
    expect(server.attempts).toEqual([]);
  });
});

describe("sign-in", () => {
  it.each(["password", "keyboard-interactive"] as const)(
    "works with a password requested by %s",
    async (passwordBy) => {
      const { result, passed } = await check(await start({ passwordBy }));
      expect(result).toMatchObject({ ok: true });
      expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    },
  );

  it.each(["password", "keyboard-interactive"] as const)(
    "tries a wrong password by %s once",
    async (passwordBy) => {
      const server = await start({ passwordBy });
      expect((await check(server, {}, { password: "canary-wrong" })).result).toMatchObject({
        code: "rejected_credentials",
        step: "sign_in",
        field: "password",
      });
      expect(server.attempts).toEqual([passwordBy]);
    },
  );

  const byKey = { username: "key", authMethod: "private_key" };

  it.each<[string, Secrets[string]]>([
    ["text", userKey.private],
    ["bytes", Buffer.from(userKey.private)],
    ["base64, as the documented product keeps it", Buffer.from(userKey.private).toString("base64")],
  ])("works with a private key as %s", async (_form, privateKey) => {
    expect((await check(await start(), byKey, { privateKey })).result).toMatchObject({ ok: true });
  });

  it("names the private key when the server does not know it, or when it cannot be read", async () => {
    const server = await start();
    const tryKey = async (privateKey: string) => (await check(server, byKey, { privateKey })).result;
    expect(await tryKey(createSshKey().private)).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "privateKey",
    });
    expect(await tryKey(createSshKey("canary-phrase").private)).toMatchObject({
      code: "private_key_encrypted",
    });
    expect(await tryKey("canary, no key")).toMatchObject({
      code: "private_key_invalid",
      field: "privateKey",
    });
  });

  it("reports a server that does not accept passwords", async () => {
    const server = await start();
    expect((await check(server, { username: "key" })).result).toMatchObject({
      code: "sign_in_not_offered",
      field: "authMethod",
    });
    expect(server.attempts).toEqual([]);
  });
});

describe("permission and network", () => {
  it("distinguishes a closed folder from a server without SFTP", async () => {
    expect((await check(await start({ isHomeReadable: false }))).result).toMatchObject({
      code: "not_permitted",
      step: "permission",
    });
    expect((await check(await start({ hasSftp: false }))).result).toMatchObject({
      code: "sftp_not_offered",
      step: "permission",
    });
  });

  it("names the port when no server, or another kind of server, answers there", async () => {
    const server = await start();
    expect((await check(server, { port: await closedPort() })).result).toMatchObject({
      code: "connection_refused",
      field: "port",
    });
    const http = await startRawServer(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect((await check(server, { port: http.port })).result).toMatchObject({
      code: "connection_closed",
      step: "tls",
    });
    await http.close();
  });

  it("stops at the time limit and leaves no socket", async () => {
    const silent = await startRawServer("silent");
    const { result } = await check(await start(), { port: silent.port }, { password }, { timeoutMs: 5000 });
    expect(result).toMatchObject({ code: "timed_out", step: "tls" });
    await expect.poll(silent.openConnections).toBe(0);
    await silent.close();
  });
});
