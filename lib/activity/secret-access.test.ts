import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listSecretAccess } from "@/lib/activity/secret-access";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { AuditAction } from "@/lib/audit/schema";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { NotFound } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const march = { from: new Date("2026-03-01"), to: new Date("2026-04-01") };
const secretId = uuidv7();
const access = (secret = secretId) =>
  listSecretAccess(fabric.scope("user", "activity:list"), { secretId: secret, ...march });

/** Records an event as of `time`. */
async function put(time: string, action: AuditAction, entry: Partial<AuditEntry>) {
  const { fabricId, teamId, user } = fabric;
  const object = { kind: "secret", id: secretId, name: "login" } as const;
  await record(owner, { actor: user, teamId, fabricId, action, object, ...entry });
  const [event] = await owner.auditEvent.findMany({ orderBy: { id: "desc" }, take: 1, select: { id: true } });
  const at = new Date(time);
  await owner.auditEvent.updateMany({
    where: { id: event?.id ?? "" },
    data: { at, id: uuidv7({ msecs: at.getTime() }) },
  });
}

async function token(name: string, change: object = {}) {
  const id = uuidv7();
  const by = { createdById: "a", createdByName: "A", createdAt: new Date("2026-01-01") };
  await owner.pipelineToken.create({
    data: { id, fabricId: fabric.fabricId, name, tokenHash: id, ...by, ...change },
  });
  return { kind: "pipeline" as const, id, name };
}

test("says for a period who could use a secret, why, until when, and who did", async () => {
  await put("2026-01-05", "secret.create", {});
  const all = await token("all");
  await token("this secret", { secretIds: [secretId] });
  await token("by connection", { connectionIds: ["c"], pins: { c: [secretId] } });
  const revoked = await token("revoked in March", { revokedAt: new Date("2026-03-10") });
  await token("another secret", { secretIds: [uuidv7()] });
  await token("revoked before", { revokedAt: new Date("2026-02-10") });
  await token("expired before", { expiresAt: new Date("2026-02-10") });
  await token("created later", { createdAt: new Date("2026-04-02") });
  const gone = { kind: "issuer", id: uuidv7(), name: "CI" } as const;
  await put("2026-02-01", "issuer.create", { object: gone });
  await put("2026-03-20", "issuer.delete", { object: gone });
  for (const time of ["2026-02-27", "2026-03-02", "2026-03-09", "2026-04-03"])
    await put(time, "secret.use", { actor: revoked });
  await put("2026-03-03", "secret.use", { actor: { kind: "pipeline", id: gone.id, name: "CI: job" } });
  await put("2026-03-04", "secret.use", { actor: { kind: "system", id: "automate", name: "Automate" } });
  await put("2026-03-05", "secret.use", { actor: { kind: "user", id: "deleted-account", name: "Gil Gone" } });
  await put("2026-03-06", "secret.token", { actor: all });
  const left = { kind: "user", id: uuidv7(), name: "Lea Left" } as const;
  await put("2026-03-15", "team.leave", {
    actor: left,
    fabricId: null,
    object: { kind: "team", id: fabric.teamId, name: "T" },
  });
  await owner.membership.updateMany({ data: { createdAt: new Date("2026-01-01") } });

  const { pipelines, people, others, secret, removedUntil } = await access();
  expect(secret).toMatchObject({ name: "login", createdAt: new Date("2026-01-05"), deletedAt: null });
  expect(removedUntil).toBeNull();
  const used = (first: string, last: string, times: number) => ({
    first: new Date(first),
    last: new Date(last),
    times,
    isMore: false,
  });
  expect(pipelines).toMatchObject([
    {
      name: "revoked in March",
      ended: "revoked",
      reach: "fabric",
      uses: used("2026-03-02", "2026-03-09", 2),
    },
    { name: "all", reach: "fabric", until: null, uses: used("2026-03-06", "2026-03-06", 1) },
    {
      name: "CI",
      kind: "issuer",
      reach: "unknown",
      since: new Date("2026-02-01"),
      until: new Date("2026-03-20"),
      uses: used("2026-03-03", "2026-03-03", 1),
    },
    { name: "by connection", reach: "connection", uses: null },
    { name: "this secret", reach: "secret", uses: null },
  ]);
  expect(people).toMatchObject([
    { name: "Ada Admin", role: "admin", uses: null },
    { name: "Uri User", role: "user" },
    { name: "Lea Left", ended: "left", until: new Date("2026-03-15") },
  ]);
  expect(others.map(({ name }) => name)).toEqual(["Gil Gone", "Automate"]);
});

test("says when the fabric was out of reach, and until when events were removed", async () => {
  const object = { kind: "fabric", id: fabric.fabricId, name: "f" } as const;
  await put("2026-02-20", "fabric.delete", { object });
  await put("2026-02-21", "fabric.restore", { object });
  await put("2026-03-11", "fabric.delete", { object });
  await put("2026-03-12", "fabric.restore", { object });
  const removed = { count: 3, from: "2026-01-01T00:00:00Z", to: "2026-03-05T00:00:00Z" };
  await record(owner, {
    actor: { kind: "system", id: "operator", name: "Command line" },
    teamId: null,
    fabricId: null,
    action: "activity.remove",
    object: { kind: "activity", id: "activity", name: "audit_event_2026_01" },
    details: removed,
  });
  expect(await access()).toMatchObject({
    outOfReach: [{ from: new Date("2026-03-11"), until: new Date("2026-03-12") }],
    removedUntil: new Date("2026-03-05"),
  });
});

test("knows no secret of another fabric", async () => {
  const other = await createTestFabric(owner, "other");
  const scope = other.scope("admin", "activity:list");
  await expect(listSecretAccess(scope, { secretId, ...march })).rejects.toThrow(NotFound);
});
