import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { smtp } from "@/lib/connectors/kinds/smtp";
import { validate } from "@/lib/connectors/validate";
import { createTrials } from "@/testing/servers/check-trial";
import type { Listening } from "@/testing/servers/listening";
import { type MailOptions, startMailServer } from "@/testing/servers/mail-server";
import { startRawServer } from "@/testing/servers/raw-server";

const host = "mail.example.com";
const smtpPassword = "canary-pässword";
const properties = { smtpUrl: host, smtpPort: 587, smtpUsername: "reports@example.com" };
const standIns = { routes: {} as Record<string, number>, authorities: [] as string[] };
const trials = createTrials(standIns);
const servers: Listening[] = [];
let authority: Authority;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => trials.close());

async function start(options: Partial<MailOptions> = {}) {
  const certificate = await authority.issue({ names: [host] });
  const server = await startMailServer({
    username: properties.smtpUsername,
    password: smtpPassword,
    certificate,
    ...options,
  });
  servers.push(server);
  return server;
}

async function check({ port }: { port: number }, change: object = {}, password = smtpPassword) {
  const input = { ...properties, ...change };
  standIns.routes = { [`${host}:${input.smtpPort}`]: port };
  return trials.run("smtp", input, { smtpPassword: password });
}

describe("sign-in", () => {
  it.each([
    ["STARTTLS", {}, {}],
    ["STARTTLS on any port", {}, { smtpPort: 465, encryption: "starttls" }],
    ["TLS from the start on 465", { isImplicit: true }, { smtpPort: 465 }],
    ["TLS from the start on any port", { isImplicit: true }, { encryption: "implicit" }],
    ["AUTH LOGIN", { methods: ["LOGIN"] }, {}],
    ["AUTH CRAM-MD5", { methods: ["CRAM-MD5"] }, {}],
  ] as const)("works by %s, and the check sends no mail", async (_way, options, change) => {
    const server = await start(options);
    const { result, passed } = await check(server, change);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in"]);
    expect(server).toMatchObject({ attempts: { length: 1 }, mails: 0 });
  });

  it("works without encryption on this machine", async () => {
    const server = await startMailServer({
      username: properties.smtpUsername,
      password: smtpPassword,
    });
    servers.push(server);
    const input = { ...properties, smtpUrl: "127.0.0.1", smtpPort: server.port, encryption: "disable" };
    const { result, events } = await trials.run("smtp", input, { smtpPassword });
    expect(result).toMatchObject({ ok: true });
    expect(events).toContainEqual({ type: "step", step: "tls", state: "skipped" });
  });

  it.each(["PLAIN", "LOGIN", "CRAM-MD5"] as const)("tries a wrong password by %s once", async (method) => {
    const server = await start({ methods: [method] });
    expect((await check(server, {}, "canary-wrong")).result).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "smtpPassword",
    });
    expect(server.attempts).toEqual([method]);
  });

  it.each([
    ["no sign-in", []],
    ["only OAuth", ["XOAUTH2"]],
  ] as const)("reports that the server offers %s, and sends no credential", async (_what, methods) => {
    const server = await start({ methods });
    expect((await check(server)).result).toMatchObject({
      code: "sign_in_not_offered",
      step: "sign_in",
      field: "smtpUsername",
    });
    expect(server.attempts).toEqual([]);
  });

  // RFC 4954 §6; RFC 5248; support.google.com/a/answer/3726730; learn.microsoft.com/exchange/…/smtp-auth-client-submission
  it.each([
    [534, "5.7.9 Application-specific password required.", "second_factor_required"],
    [
      535,
      "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled.",
      "sign_in_not_offered",
    ],
    [
      535,
      "5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
      "rejected_credentials",
    ],
    [525, "5.7.13 User account disabled", "account_locked"],
    [432, "4.7.12 A password transition is needed", "password_change_required"],
    [538, "5.7.11 Encryption required for requested authentication mechanism", "not_admitted"],
    [530, "5.7.0 Must issue a STARTTLS command first.", "not_admitted"],
    [454, "4.7.0 Temporary authentication failure", "server_not_ready"],
    [454, "4.7.0 Too many login attempts, please try again later.", "rate_limited"],
    [504, "5.5.4 Unrecognized authentication type", "sign_in_not_offered"],
  ] as const)("maps %i %s to %s", async (status, text, code) => {
    const server = await start({ refuseWith: { status, text } });
    expect((await check(server)).result).toMatchObject({ code, step: "sign_in" });
    expect(server.attempts).toHaveLength(1);
  });
});

describe("encryption", () => {
  it("is still required when an attacker removes the offer of STARTTLS in transit", async () => {
    const server = await startMailServer({ username: "a", password: "b" });
    servers.push(server);
    expect((await check(server)).result).toMatchObject({ code: "tls_not_offered", step: "tls" });
    expect(server.attempts).toEqual([]);
  });

  it.each([
    ["of a stranger", "tls_untrusted"],
    ["for another name", "tls_wrong_name"],
  ] as const)("fails for a certificate %s, and the check sends no credential", async (what, code) => {
    const signer = what === "of a stranger" ? await createAuthority("Nobody") : authority;
    const names = [what === "of a stranger" ? host : "elsewhere.example.com"];
    const server = await start({ certificate: await signer.issue({ names }) });
    expect((await check(server)).result).toMatchObject({ code, step: "tls" });
    expect(server.attempts).toEqual([]);
  });

  it("the check reports that a port which begins in clear does not begin with TLS", async () => {
    expect((await check(await start(), { encryption: "implicit" })).result).toMatchObject({
      code: "tls_not_offered",
      step: "tls",
      field: "smtpPort",
    });
  });

  it("may be off only for a server on this machine", () => {
    const input = { ...properties, smtpPassword: "an-id", encryption: "disable" };
    expect(validate(smtp, input)).toMatchObject({
      ok: false,
      fieldErrors: { encryption: expect.any(String) },
    });
    expect(validate(smtp, { ...input, smtpUrl: "localhost" })).toMatchObject({ ok: true });
  });
});

describe("a greeting", () => {
  it.each([
    ["421 4.3.2 Service not available\r\n", "server_not_ready"],
    ["554 5.7.1 You sent too much\r\n", "not_admitted"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "wrong_protocol"],
  ])("%j causes %s", async (greeting, code) => {
    const server = await startRawServer(Buffer.from(greeting));
    servers.push(server);
    expect((await check(server)).result).toMatchObject({ code, step: "tls" });
  });
});
