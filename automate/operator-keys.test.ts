import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createInternalApp } from "@/automate/app";
import { resignFabricKeys } from "@/automate/keys/resign";
import { verifyKeys } from "@/automate/keys/verify";
import { tryToOpen } from "@/automate/secrets/try-to-open";
import { verifyFabricKey } from "@/lib/crypto/fabric-key";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys, signingKey } from "@/testing/keys";
import { injectAsOperator } from "@/testing/operator-request";
import { addTestSecret } from "@/testing/secrets";

const path = "/internal/operator/keys/resign";
const purpose = "keys:resign";
let owner: Db;
let internal: FastifyInstance;
let fabric: TestFabric;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let webUrl: string;

beforeAll(async () => {
  keys = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.automate, { AUTOMATE_URL: "http://automate.test" });
  webUrl = urls.webUrl;
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const notRun = () => Promise.reject(new Error("no check runs here"));
  internal = createInternalApp({ keys: fabric.keys, reach: notRun, runPrepared: notRun, logger: false });
});
afterAll(async () => {
  await internal.close();
  await owner.$disconnect();
  await closeDb();
});

const keyRows = () => owner.fabricKey.findMany({ where: { fabricId: fabric.fabricId } });
const isSignedBy = async (publicJwks: object[]) => {
  const [row] = await keyRows();
  if (!row) throw new Error("no key");
  return verifyFabricKey(row, publicJwks).then(
    () => true,
    () => false,
  );
};

describe("a request of the operator", () => {
  const send = (signer: string, options: Parameters<typeof injectAsOperator>[4] = {}) =>
    injectAsOperator(internal, signer, path, {}, { ...options, claims: { purpose, ...options.claims } });

  test("is answered when the operator's key signed it for this purpose", async () => {
    const answer = await send(keys.operator.OPERATOR_SIGNING_KEY);
    expect([answer.statusCode, answer.json()]).toEqual([200, { resigned: 0, refused: [] }]);
  });

  test.each<[string, () => Promise<{ statusCode: number }>]>([
    ["web's key", () => send(keys.web.WEB_SIGNING_KEY)],
    ["automate's key", () => send(keys.automate.AUTOMATE_SIGNING_KEY)],
    [
      "the operator's key, as a request of web",
      () => send(keys.operator.OPERATOR_SIGNING_KEY, { typ: "selvage-request", claims: { iss: "web" } }),
    ],
    [
      "the operator's key, for another purpose",
      () => send(keys.operator.OPERATOR_SIGNING_KEY, { claims: { purpose: "keys:verify" } }),
    ],
    [
      "the operator's key, for another body",
      () => send(keys.operator.OPERATOR_SIGNING_KEY, { claims: { body: "x" } }),
    ],
    [
      "the operator's key, for another address",
      () => send(keys.operator.OPERATOR_SIGNING_KEY, { claims: { htu: `http://other.test${path}` } }),
    ],
  ])("is refused when signed by %s", async (_signer, attempt) => {
    const answer = await attempt();
    expect(answer.statusCode).toBe(401);
  });

  test("is refused the second time", async () => {
    const claims = { jti: "used-once" };
    expect((await send(keys.operator.OPERATOR_SIGNING_KEY, { claims })).statusCode).toBe(200);
    const again = await send(keys.operator.OPERATOR_SIGNING_KEY, { claims });
    expect([again.statusCode, again.json().error.code]).toEqual([401, "replayed"]);
  });
});

describe("after automate's signing key was replaced", () => {
  test("web accepts both keys, each fabric key is signed anew once, and web accepts the new one alone", async () => {
    const former = JSON.parse(keys.web.AUTOMATE_PUBLIC_KEY);
    const { publicJwk, privateJwk } = await signingKey();
    expect(await isSignedBy([publicJwk])).toBe(false);
    expect(await isSignedBy([publicJwk, former])).toBe(true);
    const { fabricId, teamId } = fabric;

    expect(await resignFabricKeys(fabric.keys, privateJwk)).toEqual({ resigned: 1, refused: [] });
    expect(await resignFabricKeys(fabric.keys, privateJwk)).toEqual({ resigned: 0, refused: [] });
    expect(await isSignedBy([publicJwk])).toBe(true);
    const events = await owner.auditEvent.findMany({ where: { action: "fabric.key.sign" } });
    expect(events).toMatchObject([{ fabricId, teamId, actorName: "Operator", objectKind: "fabric" }]);
    await resignFabricKeys(fabric.keys, JSON.parse(keys.automate.AUTOMATE_SIGNING_KEY));
  });

  test("a public key that somebody put into the database is named, and not signed", async () => {
    const attacked = await createTestFabric(owner, "attacked");
    const theirs = await createTestFabric(owner, "theirs");
    const { publicJwk } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: theirs.fabricId } });
    const [{ kid = "", signature = "" } = {}] = await owner.fabricKey.findMany({
      where: { fabricId: attacked.fabricId },
    });
    await owner.fabricKey.update({ where: { kid }, data: { publicJwk } });

    expect(await resignFabricKeys(attacked.keys, JSON.parse(keys.automate.AUTOMATE_SIGNING_KEY))).toEqual({
      resigned: 0,
      refused: [
        {
          fabricId: attacked.fabricId,
          kid,
          reason: "Its public half does not belong to its private half: somebody replaced it.",
        },
      ],
    });
    expect(await owner.fabricKey.findUniqueOrThrow({ where: { kid } })).toMatchObject({ signature });
    await owner.fabricKey.delete({ where: { kid } });
  });

  test("a key that the present master key does not unwrap is named, and not signed", async () => {
    const lost = await createTestFabric(owner, "lost");
    const { kid } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: lost.fabricId } });
    const { wrappedKey } = await owner.fabricKey.findFirstOrThrow({
      where: { fabricId: fabric.fabricId },
      select: { wrappedKey: true },
    });
    await owner.fabricKey.update({ where: { kid }, data: { wrappedKey } });
    const { privateJwk } = await signingKey();
    expect((await resignFabricKeys(lost.keys, privateJwk)).refused).toEqual([
      {
        fabricId: lost.fabricId,
        kid,
        reason: "Its private half cannot be unwrapped: it was changed.",
      },
    ]);
    await resignFabricKeys(fabric.keys, JSON.parse(keys.automate.AUTOMATE_SIGNING_KEY));
  });
});

describe("keys verify", () => {
  test("names each key and value that is not as it was made, and no value", async () => {
    const canary = "canary-5e1f00";
    const [good, replaced, moved] = [
      await createTestFabric(owner, "good"),
      await createTestFabric(owner, "replaced"),
      await createTestFabric(owner, "moved"),
    ];
    Object.assign(process.env, keys.web);
    for (const one of [good, moved])
      await addTestSecret(owner, one, webUrl, {
        id: `verified-${one.fabricId}`,
        subKind: "username_password",
        versions: [{ by: "user", fields: { username: "reader", password: canary } }],
      });
    const kidOf = async ({ fabricId }: TestFabric) =>
      (await owner.fabricKey.findFirstOrThrow({ where: { fabricId }, select: { kid: true } })).kid;
    const { publicJwk } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: good.fabricId } });
    await owner.fabricKey.update({ where: { kid: await kidOf(replaced) }, data: { publicJwk } });
    const secretId = `verified-${moved.fabricId}`;
    await owner.$executeRaw`
      UPDATE secret_field SET sealed = (SELECT sealed FROM secret_field WHERE "secretId" = ${secretId} AND field = 'username')
      WHERE "secretId" = ${secretId} AND field = 'password'`;

    const signingKey = JSON.parse(keys.automate.AUTOMATE_SIGNING_KEY);
    const verified = await verifyKeys({ keys: good.keys, tryToOpen, signingKey }, 10);
    const ours = (one: TestFabric) => verified.problems.filter(({ fabricId }) => fabricId === one.fabricId);
    expect(ours(good)).toEqual([]);
    expect(ours(replaced)).toEqual([
      {
        fabricId: replaced.fabricId,
        kid: await kidOf(replaced),
        problem: "Its public half does not belong to its private half: somebody replaced it.",
      },
    ]);
    expect(ours(moved)).toEqual([
      {
        fabricId: moved.fabricId,
        kid: await kidOf(moved),
        problem: `The password of secret ${secretId}, version 1, does not open.`,
      },
    ]);
    expect(verified.values).toBe(4);
    expect(JSON.stringify(verified)).not.toContain(canary);
    expect(await owner.auditEvent.count({ where: { action: "master_key.verify" } })).toBe(1);
  });

  test("reads few mebibytes of values at once, also of a fabric with large files", async () => {
    const large = await createTestFabric(owner, "large");
    const [value, version, sealed] = [`large-${large.fabricId}`, 1, "x".repeat(3 * 1024 * 1024)];
    const by = { createdById: "u", createdByName: "U", updatedById: "u", updatedByName: "U" };
    const named = { id: value, name: "large", nameKey: "large", subKind: "text" };
    await owner.secret.create({ data: { ...named, fabricId: large.fabricId, ...by } });
    const { kid } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: large.fabricId } });
    const row = { secretId: value, version, fabricId: large.fabricId, kid, sealed };
    for (const field of ["a", "b", "c", "d", "e"])
      await owner.secretField.create({ data: { ...row, field } });
    const read: number[] = [];
    const found = await verifyKeys(
      {
        keys: large.keys,
        signingKey: JSON.parse(keys.automate.AUTOMATE_SIGNING_KEY),
        tryToOpen: (by, one) => {
          read.push(one.fields.reduce((sum, field) => sum + field.sealed.length, 0));
          return tryToOpen(by, one);
        },
      },
      1000,
    );
    expect(found.problems.filter(({ fabricId }) => fabricId === large.fabricId)).toHaveLength(5);
    expect(Math.max(...read)).toBeLessThan(12 * 1024 * 1024);
    await owner.secret.delete({ where: { id: value } });
    await owner.fabricKey.delete({ where: { kid } });
  });
});

describe("the operator's rotations", () => {
  const ask = async (name: string, body: object = {}) => {
    const answer = await injectAsOperator(
      internal,
      keys.operator.OPERATOR_SIGNING_KEY,
      `/internal/operator/keys/${name}`,
      body,
      { claims: { purpose: `keys:${name}` } },
    );
    return [answer.statusCode, answer.json()];
  };
  const fabricName = async () =>
    (await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } })).name;

  test("of a fabric start once, by its id or its name, and pause and resume", async () => {
    const name = await fabricName();
    expect(await ask("rotate-fabric", { fabric: "unknown" })).toMatchObject([404, {}]);
    expect(await ask("rotate-fabric", { fabric: name.toUpperCase() })).toMatchObject([200, { fabric: name }]);
    expect(await ask("rotate-fabric", { fabric: fabric.fabricId })).toMatchObject([
      409,
      { error: { code: "already_rotating" } },
    ]);
    expect(await ask("pause", { fabric: name })).toEqual([200, { isChanged: true }]);
    expect(await ask("pause")).toEqual([200, { isChanged: false }]);
    expect(await ask("resume", { fabric: name })).toEqual([200, { isChanged: true }]);
    const events = await owner.auditEvent.findMany({
      where: { actorId: "operator", action: { startsWith: "fabric.key.r" } },
    });
    expect(events.map(({ action }) => action)).toEqual(["fabric.key.rotate", "fabric.key.resume"]);
  });

  test("of the master key start once, and the status lists both", async () => {
    const { fingerprint } = fabric.keys.keyring.primary;
    expect(await ask("rotate-master")).toEqual([200, { fingerprint, label: "main" }]);
    expect(await ask("rotate-master")).toMatchObject([409, { error: { code: "already_rotating" } }]);
    expect(await ask("status")).toMatchObject([
      200,
      {
        masterKeys: [
          {
            fingerprint,
            label: "main",
            provider: "local",
            isPrimary: true,
            fabricKeys: await owner.fabricKey.count(),
          },
        ],
        rotations: [
          { kind: "master", target: fingerprint, state: "running", total: 0 },
          { kind: "fabric", fabric: { id: fabric.fabricId }, state: "running" },
        ],
      },
    ]);
  });

  test("name a fabric by its id when several have its name", async () => {
    const twin = await createTestFabric(owner, "twin");
    const data = { name: "Same", nameKey: "same" };
    await owner.fabric.update({ where: { id: fabric.fabricId }, data });
    await owner.fabric.update({ where: { id: twin.fabricId }, data });
    const [status, { error }] = await ask("rotate-fabric", { fabric: "same" });
    expect([status, error.code]).toEqual([409, "ambiguous"]);
    expect(error.message).toContain(twin.fabricId);
  });
});
