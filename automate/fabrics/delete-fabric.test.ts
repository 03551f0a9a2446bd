import type { FastifyInstance } from "fastify";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp, createVaultApp } from "@/automate/app";
import { checkInBackground } from "@/automate/checks/background-check";
import { dueConnections } from "@/automate/checks/due-connections";
import { purge } from "@/automate/purge";
import { openSecrets } from "@/automate/secrets/open-secret";
import { authorize } from "@/lib/access/authorize";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { AutomateBody, AutomatePurpose } from "@/lib/internal-api/contract";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
const issuer = "https://ci.test.example";
let owner: Db;
let urls: TestDatabase;
let webKey: string;
let internal: FastifyInstance;
let runtime: FastifyInstance;
let vault: FastifyInstance;
let fabric: TestFabric;
let pipelineToken: string;
let workloadToken: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, { AUTOMATE_URL: automateUrl });
  owner = createDb(urls.ownerUrl);
  const { keys } = await createTestFabric(owner, "keys");
  const noCheck = () => Promise.reject(new Error("No check runs here."));
  internal = createInternalApp({ keys, reach: noCheck, runPrepared: noCheck, logger: false });
  runtime = createRuntimeApp({ keys, logger: false });
  vault = createVaultApp({ keys, logger: false });
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: `warehouse-${fabricId}`,
    name: "warehouse",
    subKind: "text",
    versions: [{ by: "admin", fields: { value: "canary-5b1f77" } }],
  });
  const made = newPipelineToken();
  pipelineToken = made.token;
  await owner.pipelineToken.create({ data: { fabricId, name: "nightly", tokenHash: made.tokenHash, ...by } });
  const pair = await generateKeyPair("RS256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" }] };
  const audience = `selvage:${fabricId}`;
  await owner.trustedIssuer.create({
    data: {
      fabricId,
      name: "CI",
      issuer,
      audience,
      subject: "repo:ours",
      keys: JSON.parse(JSON.stringify(keys)),
      ...by,
    },
  });
  workloadToken = await new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject("repo:ours")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(pair.privateKey);
});

afterAll(async () => {
  await Promise.all([internal.close(), runtime.close(), vault.close()]);
  await owner.$disconnect();
  await closeDb();
});

/** Sends a request as web does, for a person of the fabric. */
async function ask<P extends AutomatePurpose>(
  purpose: P,
  body: AutomateBody<P>,
  role: "admin" | "user" = "admin",
  claims: Record<string, string | number> = {},
) {
  const by = { userId: fabric[role].id, fabricId: fabric.fabricId };
  const request = await signRequest({ automateUrl, signingKey: webKey }, by, purpose, body, claims);
  const answer = await internal.inject({
    method: "POST",
    url: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    payload: await request.text(),
  });
  return { status: answer.statusCode, json: answer.json() };
}

const fabricId = () => ({ fabricId: fabric.fabricId });
const remove = () => ask("fabric:delete", fabricId());
const restore = (name?: string) => ask("fabric:restore", { ...fabricId(), ...(name ? { name } : {}) });

/** The statuses of a pipeline's reads: by token, by workload, in the dialect of Vault. */
async function readStatuses(): Promise<number[]> {
  const url = "/v1/secrets/warehouse";
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const answers = await Promise.all([
    runtime.inject({ url, headers: bearer(pipelineToken) }),
    runtime.inject({ url, headers: bearer(workloadToken) }),
    vault.inject({
      url: `/v1/${fabric.fabricId}/data/warehouse`,
      headers: { "x-vault-token": pipelineToken },
    }),
  ]);
  return answers.map(({ statusCode }) => statusCode);
}

async function passTime(): Promise<void> {
  await owner.$executeRaw`UPDATE fabric_deletion SET "destroyAt" = now() - interval '1 second' WHERE "fabricId" = ${fabric.fabricId}`;
}

const actionsOf = async () =>
  (await owner.auditEvent.findMany({ where: fabricId(), orderBy: { id: "asc" } })).map(
    ({ action }) => action,
  );

describe("a deleted fabric", () => {
  test("is out of reach at once: for pipelines, workloads, clients of Vault, people and checks", async () => {
    expect(await readStatuses()).toEqual([200, 200, 200]);
    const waiting = await authorize(fabric.admin, fabric.fabricId, "connection:check");
    const { status, json } = await remove();
    expect(status).toBe(200);
    const days = (Date.parse(json.destroyAt) - Date.now()) / (24 * 60 * 60_000);
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThan(7.01);

    expect(await readStatuses()).toEqual([401, 401, 403]);
    for (const permission of ["fabric:see", "secret:list", "connection:check", "activity:list"] as const)
      await expect(authorize(fabric.admin, fabric.fabricId, permission)).rejects.toThrow(NotFound);
    expect((await ask("version:rule", { formerVersions: 1 })).status).toBe(404);
    expect((await remove()).status).toBe(404);
    // A check that waits for its slot was authorized before.
    const opening = openSecrets(fabric.keys, { for: "check", scope: waiting, connection: "c", openings: [] });
    await expect(opening).rejects.toThrow(NotFound);
  });

  test("is no longer checked in the background", async () => {
    const by = { createdById: "u", createdByName: "U", updatedById: "u", updatedByName: "U" };
    const id = `connection ${fabric.fabricId}`;
    await owner.connection.create({
      data: {
        id,
        ...fabricId(),
        name: "c",
        nameKey: "c",
        kind: "restapi",
        properties: {},
        configHash: "h",
        ...by,
      },
    });
    expect(await dueConnections(15)).toContain(id);
    await remove();
    expect(await dueConnections(15)).not.toContain(id);
    const never = () => Promise.reject(new Error("It was checked."));
    expect(await checkInBackground(never, id, 15)).toBe("done");
  });

  test("frees its name at once, keeps its contents, and records what ended", async () => {
    const { name, nameKey } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
    await remove();
    const row = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
    expect(row.name).toBe(name);
    expect(row.nameKey).not.toBe(nameKey);
    expect(await owner.secretField.count({ where: fabricId() })).toBe(1);
    expect(await owner.fabricKey.count({ where: fabricId() })).toBe(1);
    expect(await actionsOf()).toEqual(["token.revoke", "issuer.delete", "fabric.delete"]);
  });

  test("can be deleted by an Admin only: with a recent sign-in, or by an access token", async () => {
    const stale = { auth_time: Math.floor(Date.now() / 1000) - 11 * 60 };
    expect((await ask("fabric:delete", fabricId(), "user")).status).toBe(403);
    expect((await ask("fabric:delete", fabricId(), "admin", stale)).status).toBe(403);
    const byToken = { ...stale, access_token: "scripts", access_token_id: "t1" };
    expect((await ask("fabric:delete", fabricId(), "admin", byToken)).status).toBe(200);
    // An access token cannot undo it.
    expect((await ask("fabric:restore", fabricId(), "admin", byToken)).status).toBe(403);
  });
});

describe("an undone deletion", () => {
  test("brings back secrets and settings, and neither tokens nor issuers nor bought tokens", async () => {
    const before = await authorize(fabric.admin, fabric.fabricId, "fabric:see");
    await remove();
    expect((await restore()).json).toEqual({ id: fabric.fabricId });
    const after = await authorize(fabric.admin, fabric.fabricId, "fabric:see");
    // Bought tokens are cached by this number.
    expect(after.accessEpoch).toBe(before.accessEpoch + 1);
    expect(await readStatuses()).toEqual([401, 401, 403]);
    const made = newPipelineToken();
    pipelineToken = made.token;
    const by = { createdById: "a", createdByName: "A" };
    await owner.pipelineToken.create({
      data: { ...fabricId(), name: "new", tokenHash: made.tokenHash, ...by },
    });
    expect((await readStatuses())[0]).toBe(200);
    expect(await actionsOf()).toContain("fabric.restore");
  });

  test("requires an Admin with a recent sign-in, and a deleted fabric", async () => {
    expect((await restore()).status).toBe(404);
    await remove();
    const stale = { auth_time: Math.floor(Date.now() / 1000) - 11 * 60 };
    await expect(authorize(fabric.user, fabric.fabricId, "fabric:restore")).rejects.toThrow(Forbidden);
    const old = { ...fabric.admin, authenticatedAt: new Date(0) };
    await expect(authorize(old, fabric.fabricId, "fabric:restore")).rejects.toThrow(NotFresh);
    expect((await ask("fabric:restore", fabricId(), "user")).status).toBe(403);
    expect((await ask("fabric:restore", fabricId(), "admin", stale)).status).toBe(403);
  });

  test("whose name is taken says so, changes nothing, and takes another name", async () => {
    const { name, nameKey, teamId } = await owner.fabric.findUniqueOrThrow({
      where: { id: fabric.fabricId },
    });
    await remove();
    const by = { provider: "none", createdById: "a", createdByName: "A" };
    await owner.fabric.create({ data: { id: `taker ${teamId}`, teamId, name, nameKey, ...by } });
    expect((await restore()).json).toEqual({ problem: "name_taken" });
    expect(await owner.fabricDeletion.count({ where: fabricId() })).toBe(1);
    expect((await restore(`${name} again`)).json).toEqual({ id: fabric.fabricId });
    const row = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
    expect([row.name, row.nameKey]).toEqual([`${name} again`, `${nameKey} again`]);
  });

  test("ends a token that was being created while the fabric was deleted", async () => {
    await remove();
    await owner.pipelineToken.updateMany({ where: fabricId(), data: { revokedAt: null } });
    expect((await readStatuses())[0]).toBe(401);
    await restore();
    expect((await readStatuses())[0]).toBe(401);
  });
});

describe("destruction", () => {
  test("waits for its time, then deletes keys and rows and keeps the audit log", async () => {
    await remove();
    await purge();
    expect(await owner.fabricKey.count({ where: fabricId() })).toBe(1);
    await passTime();
    expect((await restore()).json).toEqual({ problem: "too_late" });
    await purge();
    const { fabricId: id } = fabric;
    const left = await owner.$queryRaw<{ rows: bigint }[]>`
      SELECT (SELECT count(*) FROM fabric WHERE id = ${id}) + (SELECT count(*) FROM fabric_key WHERE "fabricId" = ${id})
        + (SELECT count(*) FROM fabric_deletion WHERE "fabricId" = ${id}) + (SELECT count(*) FROM secret WHERE "fabricId" = ${id})
        + (SELECT count(*) FROM secret_field WHERE "fabricId" = ${id}) + (SELECT count(*) FROM secret_version WHERE "fabricId" = ${id})
        + (SELECT count(*) FROM secret_name WHERE "fabricId" = ${id}) + (SELECT count(*) FROM pipeline_token WHERE "fabricId" = ${id})
        + (SELECT count(*) FROM trusted_issuer WHERE "fabricId" = ${id}) AS rows`;
    expect(Number(left[0]?.rows)).toBe(0);
    expect((await actionsOf()).slice(-2)).toEqual(["fabric.delete", "fabric.destroy"]);
    expect((await ask("fabric:restore", fabricId())).status).toBe(404);
  });

  test("by two copies at once happens once, and so does a deletion by two Admins at once", async () => {
    const deletions = await Promise.all([remove(), remove(), remove()]);
    expect(deletions.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    await passTime();
    await Promise.all([purge(), purge()]);
    await purge();
    const actions = await actionsOf();
    expect(actions.filter((action) => action === "fabric.delete")).toHaveLength(1);
    expect(actions.filter((action) => action === "fabric.destroy")).toHaveLength(1);
  });

  test("waits while another copy destroys the fabric, and continues after that copy was killed", async () => {
    for (const name of ["a", "b"])
      await addTestSecret(owner, fabric, urls.webUrl, {
        id: `${name}-${fabric.fabricId}`,
        subKind: "text",
        versions: [{ by: "user", fields: { value: name } }],
      });
    await remove();
    await passTime();
    // The other copy has deleted some rows.
    await owner.secretField.deleteMany({ where: { secretId: `a-${fabric.fabricId}` } });
    await owner.secret.deleteMany({ where: { id: `b-${fabric.fabricId}` } });
    const key = `fabric:${fabric.fabricId}`;
    const leasedUntil = new Date(Date.now() + 60_000);
    await owner.checkLease.create({ data: { key, holder: "another copy", leasedUntil } });
    await purge();
    expect(await owner.fabric.count({ where: { id: fabric.fabricId } })).toBe(1);
    await owner.checkLease.update({ where: { key }, data: { leasedUntil: new Date(Date.now() - 1000) } });
    await purge();
    expect(await owner.fabric.count({ where: { id: fabric.fabricId } })).toBe(0);
    expect(await owner.secretField.count({ where: fabricId() })).toBe(0);
  });

  test("and an undo at the same moment exclude each other", async () => {
    await remove();
    await passTime();
    const [undone] = await Promise.all([restore(), purge()]);
    expect(undone.json).not.toHaveProperty("id");
    expect(await owner.fabric.count({ where: { id: fabric.fabricId } })).toBe(0);
  });
});

describe("a discarded fabric", () => {
  test("is destroyed at once only if it is new, of the same person, and without tokens", async () => {
    expect((await ask("fabric:discard", fabricId())).status).toBe(409);
    await owner.pipelineToken.deleteMany({ where: fabricId() });
    await owner.trustedIssuer.deleteMany({ where: fabricId() });
    await owner.fabric.update({ where: { id: fabric.fabricId }, data: { createdById: "another" } });
    expect((await ask("fabric:discard", fabricId())).status).toBe(409);
    const createdById = fabric.admin.id;
    const old = new Date(Date.now() - 26 * 60 * 60_000);
    await owner.fabric.update({ where: { id: fabric.fabricId }, data: { createdById, createdAt: old } });
    expect((await ask("fabric:discard", fabricId())).status).toBe(409);
    await owner.fabric.update({ where: { id: fabric.fabricId }, data: { createdAt: new Date() } });
    expect((await ask("fabric:discard", fabricId())).status).toBe(200);
    expect(await owner.fabricKey.count({ where: fabricId() })).toBe(0);
  });
});
