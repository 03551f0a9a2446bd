import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createInternalApp } from "@/automate/app";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createKeyring } from "@/lib/kms/keyring";
import { resilient } from "@/lib/kms/resilient";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { startTransit } from "@/testing/key-services/transit";
import { createTestKeys } from "@/testing/keys";
import { injectAsWeb } from "@/testing/signed-request";
import { countIdleTransactions } from "@/testing/waiting-queries";

const quick = { callTimeoutMs: 400, attempts: 2, maxDelayMs: 20, breakAfter: 4, breakForMs: 400 };
let owner: Db;
let service: KeyService;
let fabric: TestFabric;
let internal: FastifyInstance;
let signingKey: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  signingKey = web.WEB_SIGNING_KEY;
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://automate.test" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  service = await startTransit();
});

beforeEach(async () => {
  service.be("works");
  const primary = { ...resilient(await service.open(), "cloud", () => {}, quick), label: "cloud" };
  const keys = createFabricKeys(
    db,
    createKeyring([primary], "cloud"),
    JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "{}"),
  );
  const noCheck = () => Promise.reject(new Error("no checks"));
  await internal?.close();
  internal = createInternalApp({ keys, reach: noCheck, runPrepared: noCheck, logger: false });
});

afterAll(async () => {
  await internal.close();
  await service.close();
  await closeDb();
  await owner.$disconnect();
});

const createKey = (fabricId: string) =>
  injectAsWeb(internal, signingKey, { userId: fabric.admin.id, fabricId }, "fabric-key:create", { fabricId });

test.each<[Situation, string]>([
  ["hanging", "key_service_unavailable"],
  ["throttled", "key_service_unavailable"],
  ["disabled", "key_disabled"],
  ["denied", "key_denied"],
  ["missing", "key_missing"],
])(
  "a primary master key that is %s makes no fabric key and holds no transaction meanwhile",
  async (situation, code) => {
    const fabricId = randomUUID();
    service.be(situation);
    const asked = createKey(fabricId);
    await expect.poll(() => service.requests(), { interval: 1 }).toBeGreaterThan(0);
    expect(await countIdleTransactions(owner)).toBe(0);
    const answer = await asked;
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, code]);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(await owner.fabricKey.count({ where: { fabricId } })).toBe(0);
    expect(await owner.auditEvent.count({ where: { fabricId } })).toBe(0);
    service.be("works");
    expect((await createKey(fabricId)).statusCode).toBe(200);
  },
);
