import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials, type TrialOptions } from "@/testing/servers/check-trial";
import { closedPort, startRawServer } from "@/testing/servers/raw-server";
import {
  type RestApiOptions,
  type RestApiServer,
  startRestApiServer,
} from "@/testing/servers/rest-api-server";
import { startTokenServer, type TokenServerOptions } from "@/testing/servers/token-server";
import { createJob, type Secrets } from "@/testing/servers/trial-job";

const trials = createTrials();
const open: { close(): Promise<void> }[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(() => trials.close());

async function start(options: RestApiOptions = {}): Promise<RestApiServer> {
  const server = await startRestApiServer(options);
  open.push(server);
  return server;
}

async function startTokens(options: Partial<TokenServerOptions> = {}) {
  const client = { clientId: "selvage", clientSecret: "canary-client-secret" };
  const server = await startTokenServer({ client, ...options });
  open.push(server);
  return { server, client: { ...client, authUrl: server.authUrl } };
}

function check(baseUrl: string, properties: object = {}, secrets: Secrets = {}, options: TrialOptions = {}) {
  const tlsMode = baseUrl.startsWith("https:") ? "verify-full" : "disable";
  return trials.run("restapi", { baseUrl, tlsMode, ...properties }, secrets, options);
}

const bearer = "canary-bearer-token";
const withBearer = (server: RestApiServer, testPath = "/") =>
  check(server.baseUrl, { authType: "bearer", testPath }, { bearerToken: bearer });

describe("sign-in", () => {
  it("is skipped for an API without one", async () => {
    const server = await start();
    const { result, events } = await check(server.baseUrl);
    expect(result).toMatchObject({ ok: true, facts: { status: "200" } });
    expect(events).toContainEqual({ type: "step", step: "sign_in", state: "skipped" });
  });

  it("is reported when the API requires one", async () => {
    const server = await start({ bearer });
    expect((await check(server.baseUrl)).result).toMatchObject({
      code: "credentials_missing",
      field: "authType",
    });
  });

  const basic = { username: "ana", password: "canary-pässword:with colon" };
  const apiKey = { name: "X-API-Key", value: "canary-key" };
  const byKey = { authType: "api_key", apiKeyName: apiKey.name };

  it("works with each kind of credential, and the check names the field of a wrong one", async () => {
    const server = await start({ basic, bearer, apiKey });
    const wrong = (field: string) => ({ code: "rejected_credentials", step: "sign_in", field });
    const run = async (properties: object, secrets: Secrets) =>
      (await check(server.baseUrl, properties, secrets)).result;

    expect(await run({ authType: "basic" }, { basicCredential: basic })).toMatchObject({ ok: true });
    const badBasic = { username: "ana", password: "canary-wrong" };
    expect(await run({ authType: "basic" }, { basicCredential: badBasic })).toMatchObject(
      wrong("basicCredential"),
    );

    expect(await run({ authType: "bearer" }, { bearerToken: bearer })).toMatchObject({ ok: true });
    expect(await run({ authType: "bearer" }, { bearerToken: "canary-no" })).toMatchObject(
      wrong("bearerToken"),
    );

    expect(await run(byKey, { apiKey: apiKey.value })).toMatchObject({ ok: true });
    expect(await run({ ...byKey, apiKeyIn: "query" }, { apiKey: apiKey.value })).toMatchObject({ ok: true });
    expect(await run(byKey, { apiKey: "canary-no" })).toMatchObject(wrong("apiKey"));
  });

  it("does not send a secret that ends in a line break", async () => {
    const server = await start({ bearer });
    const { result } = await check(server.baseUrl, { authType: "bearer" }, { bearerToken: `${bearer}\n` });
    expect(result).toMatchObject({ code: "secret_malformed", field: "bearerToken" });
    expect(server.requests).toEqual([]);
  });
});

describe("OAuth client credentials", () => {
  const oauth = { authType: "oauth_client_credentials" };

  it.each(["client_secret_basic", "client_secret_post"] as const)(
    "fetches a token by %s",
    async (clientAuthentication) => {
      const { server: tokens, client } = await startTokens({ clientAuthentication });
      const api = await start({ isValidToken: tokens.isValid });
      const { result, passed } = await check(api.baseUrl, oauth, {
        oauthClient: { ...client, scope: "read" },
      });
      expect(result).toMatchObject({ ok: true });
      expect(passed).toEqual(["name", "network", "sign_in", "permission"]);
    },
  );

  it("names the OAuth client for a wrong secret, scope or Auth URL", async () => {
    const { server: tokens, client } = await startTokens();
    const api = await start({ isValidToken: tokens.isValid });
    const run = async (change: object) =>
      (await check(api.baseUrl, oauth, { oauthClient: { ...client, ...change } })).result;
    const wrong = (code: string) => ({ ok: false, code, step: "sign_in", field: "oauthClient" });
    expect(await run({ clientSecret: "canary-wrong" })).toMatchObject(wrong("rejected_credentials"));
    expect(await run({ clientId: "nobody" })).toMatchObject(wrong("rejected_credentials"));
    expect(await run({ scope: "admin" })).toMatchObject(wrong("scope_rejected"));
    expect(await run({ authUrl: `${tokens.authUrl}/nothing` })).toMatchObject(wrong("token_endpoint_wrong"));
    const gone = await run({ authUrl: `http://127.0.0.1:${await closedPort()}/token` });
    expect(gone).toMatchObject({ code: "connection_refused", step: "network", field: "oauthClient" });
    expect(api.requests).toEqual([]);
  });

  it("dials no token endpoint other than the allowed one", async () => {
    const { server: tokens, client } = await startTokens();
    const { server: other } = await startTokens();
    const api = await start({ isValidToken: tokens.isValid });
    const secrets = { oauthClient: client };
    const job = createJob("restapi", { baseUrl: api.baseUrl, tlsMode: "disable", ...oauth }, secrets);
    const moved = { ...job, secrets: { oauthClient: { ...client, authUrl: other.authUrl } } };
    expect((await trials.runJob(moved)).result).toMatchObject({ ok: false, code: "address_refused" });
  });
});

describe("answers", () => {
  it.each([
    ["/forbidden", "not_permitted", "permission", "bearerToken"],
    ["/missing", "path_not_found", "permission", "testPath"],
    ["/elsewhere", "redirected", "sign_in", "baseUrl"],
    ["/here", "redirected", "sign_in", "testPath"],
    ["/busy", "rate_limited", "sign_in", undefined],
    ["/broken", "server_error", "sign_in", undefined],
    ["/page", "unexpected_answer", "sign_in", "testPath"],
  ])("%s causes %s", async (path, code, step, field) => {
    const { result } = await withBearer(await start({ bearer }), path);
    expect(result).toMatchObject({ ok: false, code, step, ...(field !== undefined && { field }) });
  });

  it("does not follow a redirect to another server", async () => {
    const other = await start();
    const server = await start({ bearer, redirectTo: other.baseUrl });
    expect((await withBearer(server, "/elsewhere")).result).toMatchObject({ code: "redirected" });
    expect(other.requests).toEqual([]);
  });

  it("does not read an endless answer to its end, and stops a slow one", async () => {
    const server = await start({ bearer });
    expect((await withBearer(server, "/endless")).result).toMatchObject({ ok: true });
    const slow = await check(server.baseUrl, { testPath: "/slow" });
    expect(slow.result).toMatchObject({ code: "credentials_missing" });
    const authorized = { authType: "bearer", testPath: "/slow" };
    const { result } = await check(server.baseUrl, authorized, { bearerToken: bearer }, { timeoutMs: 5000 });
    expect(result).toMatchObject({ code: "timed_out", step: "sign_in" });
    await expect.poll(server.openConnections).toBe(0);
  });

  it.each([
    ["talks nonsense", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n"), /^wrong_protocol$/],
    ["hangs up", "hang up" as const, /^connection_closed$/],
  ])("reports a server that %s", async (_what, behaviour, code) => {
    const server = await startRawServer(behaviour);
    open.push(server);
    expect((await check(`http://127.0.0.1:${server.port}`)).result).toMatchObject({
      code: expect.stringMatching(code),
    });
  });
});

describe("https", () => {
  const secure = async (names: string[], options: Partial<RestApiOptions> = {}, dates: object = {}) => {
    const server = await start({ certificate: await authority.issue({ names, ...dates }), ...options });
    return `https://localhost:${server.port}`;
  };
  const ca = () => ({ caCertificate: Buffer.from(authority.cert) });

  it("verifies the name and the connection's own authority", async () => {
    const url = await secure(["localhost"]);
    const { result, passed } = await check(url, {}, ca());
    expect(result).toMatchObject({ ok: true });
    expect(passed).toContain("tls");
    expect((await check(url)).result).toMatchObject({
      code: "tls_untrusted",
      step: "tls",
      field: "caCertificate",
    });
    expect((await check(url, { tlsMode: "require" })).result).toMatchObject({ ok: true });
  });

  it.each([
    ["tls_wrong_name", ["api.example.com"], {}, {}],
    [
      "tls_expired",
      ["localhost"],
      {},
      { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-01") },
    ],
    ["tls_too_old", ["localhost"], { maxTlsVersion: "TLSv1.1" as const }, {}],
  ])("fails with %s", async (code, names, options, dates) => {
    const { result } = await check(await secure(names, options, dates), {}, ca());
    expect(result).toMatchObject({ code, step: "tls", field: "baseUrl" });
  });

  it("reports a port without encryption", async () => {
    const server = await start();
    expect((await check(`https://127.0.0.1:${server.port}`)).result).toMatchObject({
      code: "tls_not_offered",
      step: "tls",
      field: "baseUrl",
    });
  });

  it("sends a client certificate when the server requires one", async () => {
    const url = await secure(["localhost"], { clientAuthority: authority.cert });
    const client = await authority.issue({ names: ["selvage"] });
    const other = await authority.issue({ names: ["other"] });
    const run = async (cert: string, key: string) => {
      const secrets = { ...ca(), clientCertificate: Buffer.from(cert), clientKey: Buffer.from(key) };
      return (await check(url, {}, secrets)).result;
    };
    expect(await run(client.cert, client.key)).toMatchObject({ ok: true });
    expect(await run(client.cert, other.key)).toMatchObject({ code: "client_certificate_invalid" });
    // A server of Node.js closes the connection without an alert.
    expect((await check(url, {}, ca())).result).toMatchObject({
      code: "connection_closed",
      field: "baseUrl",
    });
  });

  it("is required for fetching tokens, except on this machine", async () => {
    const certificate = await authority.issue({ names: ["127.0.0.1"] });
    const { server: tokens, client } = await startTokens({ certificate });
    const api = await start({ isValidToken: tokens.isValid });
    const oauth = { authType: "oauth_client_credentials" };
    const far = { ...client, authUrl: "http://idp.example.com/token" };
    expect((await check(api.baseUrl, oauth, { oauthClient: far })).result).toMatchObject({
      code: "token_endpoint_wrong",
      field: "oauthClient",
    });
    expect((await check(api.baseUrl, oauth, { oauthClient: client })).result).toMatchObject({
      code: "tls_untrusted",
    });
  });
});
