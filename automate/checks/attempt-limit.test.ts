import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  attemptsOf,
  type Claimed,
  type CredentialAttempt,
  claimAttempts,
  forgetRefusals,
} from "@/automate/checks/attempt-limit";
import { prepareCheck } from "@/automate/checks/prepare-check";
import { purge } from "@/automate/purge";
import { findSecretById } from "@/automate/secrets/usable-secret";
import {
  type CheckCode,
  type CheckEvent,
  type CheckResult,
  checkEventSchema,
} from "@/lib/connectors/check-protocol";
import { listPausedAttempts } from "@/lib/credential-attempts/queries";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { AutomateBody, AutomatePurpose } from "@/lib/internal-api/contract";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { listen } from "@/testing/servers/listening";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { startSftpServer } from "@/testing/servers/sftp-server";
import { signRequest } from "@/testing/signed-request";

let owner: Db;
let urls: TestDatabase;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let fabric: TestFabric;
let automates: ReturnType<typeof createTestAutomates>;

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
  Object.assign(process.env, keys.web, keys.automate, { WEB_DATABASE_URL: urls.webUrl });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  // Values are sealed as web seals them. Web's sealing module reads its environment once.
  await sealingKey(fabric.fabricId, owner);
  delete process.env.WEB_DATABASE_URL;
});

afterEach(() => automates.stopAll());

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const never = new AbortController().signal;
const failed = (code: CheckCode, step: "network" | "sign_in" | "permission" = "sign_in"): CheckResult => ({
  type: "result",
  ok: false,
  code,
  step,
  ms: 1,
});
const refused = failed("rejected_credentials");
const passed: CheckResult = { type: "result", ok: true, ms: 1 };

function newAttempt(): CredentialAttempt {
  return { key: randomUUID(), endpoint: "sftp://files.test:22", secretIds: ["s"], field: "password" };
}

const claim = (...attempts: CredentialAttempt[]) => claimAttempts(fabric.fabricId, attempts, never);

/** Claims an attempt, ends it with this result, and returns the claim. */
async function runAttempt(attempt: CredentialAttempt, result: CheckResult): Promise<Claimed["state"]> {
  const claimed = await claim(attempt);
  if (claimed.state === "held") await claimed.claim.complete(result);
  return claimed.state;
}

const age = (attempt: CredentialAttempt, minutes: number) =>
  owner.$executeRaw`
    UPDATE sign_in_attempt SET "refusedAt" = "refusedAt" - make_interval(mins => ${minutes}),
      "startedAt" = "startedAt" - make_interval(mins => ${minutes}) WHERE key = ${attempt.key}`;

describe("the attempt limit", () => {
  test("is two refusals in 15 minutes and five in a day, and automate returns when the next attempt is possible", async () => {
    const attempt = newAttempt();
    for (let pair = 0; pair < 2; pair += 1) {
      expect([await runAttempt(attempt, refused), await runAttempt(attempt, refused)]).toEqual([
        "held",
        "held",
      ]);
      const paused = await claim(attempt);
      if (paused.state !== "paused") throw new Error(paused.state);
      expect(Math.round((paused.until.getTime() - Date.now()) / 60_000)).toBe(15);
      expect(paused.field).toBe("password");
      await age(attempt, 16);
    }
    expect(await runAttempt(attempt, refused)).toBe("held");
    await age(attempt, 16);
    const paused = await claim(attempt);
    if (paused.state !== "paused") throw new Error(paused.state);
    expect((paused.until.getTime() - Date.now()) / 3600_000).toBeGreaterThan(23);
    await age(attempt, 24 * 60);
    expect(await runAttempt(attempt, refused)).toBe("held");
  });

  test("applies to each key, and a sign-in at two servers requires an attempt of both", async () => {
    const [first, second] = [newAttempt(), newAttempt()];
    await runAttempt(first, refused);
    await runAttempt(first, refused);
    expect(await runAttempt(second, refused)).toBe("held");
    expect((await claim(second, first)).state).toBe("paused");
    expect(await runAttempt(second, refused)).toBe("held");
  });

  test("resets after a success", async () => {
    const attempt = newAttempt();
    await runAttempt(attempt, refused);
    await runAttempt(attempt, passed);
    await runAttempt(attempt, refused);
    expect(await runAttempt(attempt, passed)).toBe("held");
  });

  test.each<[string, CheckResult, boolean]>([
    ["a refused password", refused, true],
    ["a locked account", failed("account_locked"), true],
    ["a Cancel in the middle of the sign-in", failed("cancelled"), true],
    ["an end of the sign-in that nobody knows", failed("unexpected"), true],
    ["a Cancel before it", failed("cancelled", "network"), false],
    ["silence", failed("timed_out"), false],
    ["a missing right", failed("not_permitted", "permission"), false],
    ["a server that is not there", failed("connection_refused", "network"), false],
  ])("counts %s: %j is %s", async (_what, result, isUsed) => {
    const attempt = newAttempt();
    const states = [];
    for (let n = 0; n < 3; n += 1) states.push(await runAttempt(attempt, result));
    expect(states[2]).toBe(isUsed ? "paused" : "held");
  });

  test("counts attempts in flight as refused, and the next attempt waits for their outcome", async () => {
    const attempt = newAttempt();
    const claims = [await claim(attempt), await claim(attempt)];
    let hasWaited = false;
    const third = claimAttempts(fabric.fabricId, [attempt], never, () => {
      hasWaited = true;
    });
    await expect.poll(() => hasWaited, { timeout: 10_000 }).toBe(true);
    for (const claimed of claims) if (claimed.state === "held") await claimed.claim.complete(passed);
    expect((await third).state).toBe("held");
    await claim(attempt);
    expect((await claimAttempts(fabric.fabricId, [attempt], AbortSignal.abort())).state).toBe("busy");
  });

  test("allows concurrent claims only up to the limit", async () => {
    const attempt = newAttempt();
    const states = await Promise.all(Array.from({ length: 8 }, async () => runAttempt(attempt, refused)));
    expect(states.sort()).toEqual(["held", "held", ...Array(6).fill("paused")]);
  });

  test("releases a killed automate's claims after 30 seconds, and deletes expired attempts", async () => {
    const attempt = newAttempt();
    await claim(attempt);
    await claim(attempt);
    await age(attempt, 1);
    expect(await runAttempt(attempt, refused)).toBe("held");
    await age(attempt, 23 * 60);
    await purge();
    expect(await owner.signInAttempt.findMany({ where: { key: attempt.key } })).toMatchObject([
      { refusedAt: expect.any(Date) },
    ]);
    await age(attempt, 65);
    await purge();
    expect(await owner.signInAttempt.count({ where: { key: attempt.key } })).toBe(0);
  });
});

async function ask<P extends AutomatePurpose>(
  url: string,
  actor: string,
  purpose: P,
  body: AutomateBody<P>,
): Promise<Response> {
  const from = { automateUrl: url, signingKey: keys.web.WEB_SIGNING_KEY };
  return fetch(await signRequest(from, { userId: actor, fabricId: fabric.fabricId }, purpose, body));
}

type Properties = Record<string, unknown>;

/** Begins the check at this server as this person. */
function beginCheck(url: string, actor: string, kind: string, properties: Properties): Promise<Response> {
  const body = { kind, connectionName: "Shared", properties, isConfirmed: true };
  return ask(url, actor, "connection:check", body);
}

/** Runs the check. Returns every event; the last one is the result. */
async function check(...given: Parameters<typeof beginCheck>): Promise<CheckEvent[]> {
  return eventsOf(await beginCheck(...given));
}

async function eventsOf(answer: Response): Promise<CheckEvent[]> {
  const lines = (await answer.text()).trim().split("\n");
  return lines.map((line) => checkEventSchema.parse(JSON.parse(line)));
}

function codeOf(events: CheckEvent[]): string {
  const last = events.at(-1);
  return last?.type === "result" ? (last.ok ? "ok" : last.code) : "no result";
}

async function addPeople(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await owner.user.createMany({
    data: ids.map((id) => ({
      id,
      email: `${id}@test.example`,
      emailKey: `${id}@test.example`,
      name: "Someone",
    })),
  });
  await owner.membership.createMany({
    data: ids.map((userId) => ({ teamId: fabric.teamId, userId, role: "user" })),
  });
  return ids;
}

/** A secret, or its next version, that may be sent to this destination. */
async function addVersion(
  id: string,
  version: number,
  subKind: "text" | "username_password" | "m2m_oauth",
  values: Record<string, string>,
  destinations: string[],
  metadata: Record<string, string> = {},
) {
  const { fabricId, user } = fabric;
  const who = { createdById: user.id, createdByName: user.name };
  const name = { name: id, nameKey: id };
  if (version === 1) {
    const updated = { updatedById: user.id, updatedByName: user.name };
    await owner.secret.create({ data: { id, fabricId, ...name, subKind, ...who, ...updated } });
    await owner.secretName.create({ data: { fabricId, ...name, secretId: id } });
  }
  const manifest = Object.fromEntries(Object.keys(values).map((field) => [field, version]));
  await owner.secretVersion.create({
    data: { secretId: id, version, fabricId, manifest, metadata, ...who },
  });
  const data = await sealFields(
    await sealingKey(fabricId, owner),
    { secretId: id, subKind, version },
    values,
  );
  await owner.secretField.createMany({ data });
  await owner.allowedDestination.createMany({
    data: destinations.map((destination) => ({ fabricId, secretId: id, version, destination, ...who })),
  });
}

test("a refusal without encryption does not pause the encrypted sign-in of MySQL, and only of MySQL", async () => {
  await addVersion("db_password", 1, "text", { value: "v" }, []);
  const keyOf = async (kind: string, tlsMode: string) => {
    const settings = {
      server: "db.example.com",
      database: "sales",
      username: "svc",
      password: "db_password",
    };
    const prepared = await prepareCheck(fabric.scope("user", "connection:check"), kind, {
      ...settings,
      tlsMode,
    });
    if (!prepared.ok) throw new Error(JSON.stringify(prepared));
    return attemptsOf(prepared.value).map(({ key }) => key);
  };
  expect(await keyOf("mysql", "disable")).not.toEqual(await keyOf("mysql", "verify-full"));
  expect(await keyOf("mysql", "require")).toEqual(await keyOf("mysql", "verify-full"));
  expect(await keyOf("postgres", "disable")).toEqual(await keyOf("postgres", "verify-full"));
});

test("refusals of a former value or a candidate do not pause the current one, until an Admin resets all", async () => {
  const id = "token";
  for (const version of [1, 2, -1]) await addVersion(id, version, "text", { value: `${version}` }, []);
  const scope = fabric.scope("user", "connection:check");
  const current = await findSecretById(scope, id);
  if (current?.version !== 2) throw new Error("Version 2 is not the current one.");
  const settings = { server: "db.example.com", database: "sales", username: "svc", password: id };
  const list = () => listPausedAttempts(fabric.scope("user", "secret:list"), id);
  const refuse = async (version: number) => {
    const tried = { ...current, version, manifest: { value: version } };
    const prepared = await prepareCheck(scope, "postgres", settings, tried);
    if (!prepared.ok) throw new Error(JSON.stringify(prepared));
    const [attempt] = attemptsOf(prepared.value);
    if (!attempt) throw new Error("The check sends nothing.");
    expect([await runAttempt(attempt, refused), await runAttempt(attempt, refused)]).toEqual([
      "held",
      "held",
    ]);
    return attempt;
  };
  const attempts = [await refuse(1), await refuse(-1)];
  expect(await list()).toEqual([]);
  await refuse(2);
  expect(await list()).toHaveLength(1);
  // Somebody goes back to version 1 all the same: its refusals count for what is current now.
  await addVersion(id, 3, "text", { value: "1" }, []);
  expect(await list()).toEqual([]);
  const origin = { secretId: id, version: 3, fabricId: fabric.fabricId, origin: 1, madeCurrentByName: "Ada" };
  await owner.settledVersion.create({ data: origin });
  expect(await list()).toHaveLength(1);
  await owner.$transaction((tx) => forgetRefusals(tx, fabric.fabricId, id));
  expect(await list()).toEqual([]);
  for (const attempt of attempts) expect((await claim(attempt)).state).toBe("held");
});

// Three copies of automate. `npm test` has the claims above, which run concurrently too.
describe.runIf(process.env.RUN_LONG)(
  "100 concurrent checks by different people with a wrong password",
  () => {
    test("cause two sign-ins, across two automates and a restart, until an Admin resets the limit or the value changes", async () => {
      const api = await startRestApiServer({ basic: { username: "etl", password: "right" } });
      const destination = `http://127.0.0.1:${api.port}`;
      const wrong = { username: "etl", password: "wrong" };
      await addVersion("api_login", 1, "username_password", wrong, [destination]);
      // Each connection has its own name, so that no two checks share a run.
      const propertiesOf = (n: number) => ({
        baseUrl: api.baseUrl,
        testPath: `/${n}`,
        authType: "basic",
        basicCredential: "api_login",
        tlsMode: "disable",
      });
      const people = await addPeople(100);
      const copies = await Promise.all([automates.start(), automates.start()]);
      const events = await Promise.all(
        people.map((person, n) =>
          check(copies[n % 2]?.internalUrl ?? "", person, "restapi", propertiesOf(n)),
        ),
      );
      expect(api.requests).toHaveLength(2);
      const codes = events.map(codeOf);
      expect(codes.filter((code) => code === "rejected_credentials")).toHaveLength(2);
      expect(codes.filter((code) => code === "sign_in_paused")).toHaveLength(98);
      expect(events.flat().some((event) => event.type === "queued")).toBe(true);
      const paused = events
        .map((events) => events.at(-1))
        .find((event) => event?.type === "result" && !event.ok && event.code === "sign_in_paused");
      expect(paused).toMatchObject({
        field: "basicCredential",
        step: "sign_in",
        facts: { retryAt: expect.any(String) },
      });
      // Automate opens no secret for the checks that it refuses.
      expect(await owner.auditEvent.count({ where: { objectId: "api_login", action: "secret.use" } })).toBe(
        2,
      );

      for (const copy of copies) {
        copy.process.kill("SIGKILL");
        await once(copy.process, "exit");
      }
      const { internalUrl: url } = await automates.start();
      const again = async () => codeOf(await check(url, fabric.user.id, "restapi", propertiesOf(0)));
      expect(await again()).toBe("sign_in_paused");
      const list = () => listPausedAttempts(fabric.scope("user", "secret:list"), "api_login");
      expect(await list()).toEqual([{ destination, until: expect.any(Date) }]);

      const reset = (actor: string) => ask(url, actor, "credential-attempt:reset", { secretId: "api_login" });
      expect((await reset(fabric.user.id)).status).toBe(403);
      expect(await again()).toBe("sign_in_paused");
      const answer = await reset(fabric.admin.id);
      expect([answer.status, await answer.json()]).toEqual([200, { endpoints: [destination] }]);
      expect(await list()).toEqual([]);
      expect(
        await owner.auditEvent.findFirst({ where: { action: "secret.signin.reset", objectId: "api_login" } }),
      ).toMatchObject({ actorId: fabric.admin.id, details: { destination: [destination] } });
      expect([await again(), await again(), await again()]).toEqual([
        "rejected_credentials",
        "rejected_credentials",
        "sign_in_paused",
      ]);
      expect(api.requests).toHaveLength(4);

      await addVersion("api_login", 2, "username_password", { username: "etl", password: "right" }, [
        destination,
      ]);
      expect([await again(), await list()]).toEqual(["ok", []]);
      await api.close();
    }, 120_000);

    test("of one connection cause at most two sign-ins, and one check with the right password serves every caller", async () => {
      let verdict = Promise.withResolvers<void>();
      const beforeVerdict = () => verdict.promise;
      const server = await startSftpServer({ users: { etl: { password: "right" } }, beforeVerdict });
      const destination = `sftp://127.0.0.1:${server.port}?hostkey=${server.fingerprint}`;
      const connection = { host: "127.0.0.1", port: server.port, hostKeyFingerprint: server.fingerprint };
      const properties = { ...connection, username: "etl", password: "files" };
      await addVersion("files", 1, "text", { value: "wrong" }, [destination]);
      const people = await addPeople(30);
      const { internalUrl: url } = await automates.start();
      const ask = () => Promise.all(people.map((person) => check(url, person, "sftp", properties)));
      for (let wave = 0; wave < 2; wave += 1) {
        verdict = Promise.withResolvers();
        // An answer begins with the first event, so everyone has joined the one check before the server refuses.
        const joined = await Promise.all(people.map((person) => beginCheck(url, person, "sftp", properties)));
        verdict.resolve();
        const codes = (await Promise.all(joined.map(eventsOf))).map(codeOf);
        expect(new Set(codes)).toEqual(new Set(["rejected_credentials"]));
      }
      expect(new Set((await ask()).map(codeOf))).toEqual(new Set(["sign_in_paused"]));
      expect(server.attempts).toHaveLength(2);
      // Another user name is another account: the corrected check may sign in at once.
      expect(codeOf(await check(url, fabric.user.id, "sftp", { ...properties, username: "other" }))).toBe(
        "rejected_credentials",
      );
      await addVersion("files", 2, "text", { value: "right" }, [destination]);
      expect(new Set((await ask()).map(codeOf))).toEqual(new Set(["ok"]));
      await server.close();
    }, 120_000);

    test("of an OAuth client cause two requests at its token endpoint, which may use both client authentication methods", async () => {
      let requestCount = 0;
      const idp = createHttpServer((_request, response) => {
        requestCount += 1;
        response.writeHead(401, { "content-type": "application/json" }).end('{"error":"invalid_client"}');
      });
      const { port, close } = await listen(idp);
      const fields = { clientId: "c", clientSecret: "wrong", authUrl: `http://127.0.0.1:${port}/token` };
      const destinations = [`oauth-token://127.0.0.1:${port}`, "http://127.0.0.1:9"];
      await addVersion("client", 1, "m2m_oauth", fields, destinations, { authHost: `127.0.0.1:${port}` });
      const people = await addPeople(20);
      const { internalUrl: url } = await automates.start();
      const events = await Promise.all(
        people.map((person, n) =>
          check(url, person, "restapi", {
            baseUrl: "http://127.0.0.1:9",
            testPath: `/${n}`,
            authType: "oauth_client_credentials",
            oauthClient: "client",
            tlsMode: "disable",
          }),
        ),
      );
      expect(events.map(codeOf).sort()).toEqual([
        "rejected_credentials",
        ...Array(19).fill("sign_in_paused"),
      ]);
      expect(requestCount).toBe(2);
      await close();
    }, 60_000);
  },
);
