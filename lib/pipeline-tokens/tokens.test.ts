import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grant } from "@/lib/access/scope";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { createToken, revokeToken } from "@/lib/pipeline-tokens/mutations";
import { listTokens, listUnconfirmed } from "@/lib/pipeline-tokens/queries";
import { type CreatePipelineTokenInput, createPipelineTokenInput } from "@/lib/pipeline-tokens/schema";
import { Forbidden, NotFresh } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, existing, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  // Nothing listens on port 2, as when automate is down. Fetch itself refuses port 9.
  Object.assign(process.env, keys.web, keys.automate, { AUTOMATE_URL: "http://127.0.0.1:2" });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function add(where: TestFabric, name: string, state: { expiresAt?: Date; revokedAt?: Date } = {}) {
  const by = { createdById: where.admin.id, createdByName: where.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: where.fabricId, name, tokenHash: name, ...by, ...state },
  });
}

const input = (limits: Partial<CreatePipelineTokenInput>): CreatePipelineTokenInput => ({
  ...createPipelineTokenInput.parse({ name: "new", lifetime: "30" }),
  ...limits,
});

describe("pipeline tokens", () => {
  test("can be limited to objects of their own fabric, by any of their names", async () => {
    const scope = fabric.scope("admin", "token:write");
    expect(await createToken(scope, input({ onlySecrets: "nothing" }))).toEqual({
      ok: false,
      code: "invalid",
      fieldErrors: { onlySecrets: "Secret “nothing” not found." },
    });
    expect(await createToken(scope, input({ onlyConnections: "nothing" }))).toMatchObject({
      fieldErrors: { onlyConnections: "Connection “nothing” not found." },
    });
  });

  test.each(["10.1.0.0/33", "10.1", "example.com", "::1/129"])("cannot be limited to %s", (onlyFrom) => {
    expect(createPipelineTokenInput.safeParse({ name: "n", lifetime: "30", onlyFrom }).success).toBe(false);
  });

  test("are listed only in their own fabric, active ones first, and never with their hash", async () => {
    await add(fabric, "works");
    await add(fabric, "late", { expiresAt: new Date(Date.now() - 1000) });
    await add(fabric, "gone", { revokedAt: new Date() });
    await add(other, "theirs");
    const tokens = await listTokens(fabric.scope("user", "token:list"));
    expect(tokens.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "works active",
      "gone revoked",
      "late expired",
    ]);
    expect(JSON.stringify(tokens)).not.toContain("tokenHash");
  });

  test("report which of their connections reference other secrets than an Admin confirmed", async () => {
    const { fabricId, admin } = fabric;
    const by = { createdById: admin.id, createdByName: admin.name };
    const byAll = { ...by, updatedById: admin.id, updatedByName: admin.name };
    const named = (name: string) => ({ id: name, fabricId, name, nameKey: name.toLowerCase() });
    const add = (name: string, deletedAt: Date | null = null) =>
      owner.secret.create({ data: { ...named(name), subKind: "text", deletedAt, ...byAll } });
    await add("db_password", new Date());
    await add("db_password2");
    await add("ca");
    for (const [name, references] of [
      ["Orders", { password: "db_password2", sslRootCertificate: "ca" }],
      ["Same", { password: "ca" }],
      ["Fewer", {}],
    ] as const) {
      await owner.connection.create({
        data: { ...named(name), kind: "postgres", properties: {}, configHash: name, ...byAll },
      });
      const rows = Object.entries(references).map(([field, secretId]) => ({ field, secretId }));
      await owner.connectionSecret.createMany({
        data: rows.map((row) => ({ ...row, connectionId: name, fabricId })),
      });
    }
    const connectionIds = ["Orders", "Same", "Fewer"];
    const pins = { Orders: ["db_password", "ca"], Same: ["ca"], Fewer: ["ca"] };
    await owner.pipelineToken.create({
      data: { fabricId, name: "pinned", tokenHash: "pinned", connectionIds, pins, ...by },
    });
    await owner.pipelineToken.create({
      data: { fabricId, name: "over", tokenHash: "over", connectionIds, pins, expiresAt: new Date(0), ...by },
    });
    await owner.trustedIssuer.create({
      data: { fabricId, name: "cluster", issuer: "i", audience: "a", subject: "s", connectionIds, ...by },
    });
    const scope = fabric.scope("user", "token:list");
    expect(await listUnconfirmed(scope, "Orders")).toEqual(["cluster", "pinned"]);
    expect(await listUnconfirmed(scope, "Same")).toEqual(["cluster"]);
    expect(await listUnconfirmed(scope, "Fewer")).toEqual([]);
    expect(await listUnconfirmed(other.scope("user", "token:list"), "Orders")).toEqual([]);
    const tokens = await listTokens(scope);
    // The list names the secrets of the connections even if nothing has changed since.
    expect(tokens.find(({ name }) => name === "pinned")?.limits.pinned).toEqual(["db_password", "ca"]);
    expect(tokens.find(({ name }) => name === "pinned")?.limits.changes).toEqual([
      {
        connectionId: "Orders",
        connection: "Orders",
        secretIds: ["db_password2", "ca"],
        added: ["db_password2"],
        removed: ["db_password"],
      },
    ]);
  });

  test("are created and revoked by automate alone: without it nothing changes", async () => {
    const scope = fabric.scope("admin", "token:write");
    const before = await owner.pipelineToken.count();
    const unavailable = { ok: false, code: "automate_unavailable" };
    expect(await createToken(scope, input({}))).toEqual(unavailable);
    expect(await revokeToken(scope, { tokenId: "any" })).toEqual(unavailable);
    expect(await owner.pipelineToken.count()).toBe(before);
    await expect(db.pipelineToken.deleteMany({})).rejects.toThrow();
  });

  test("require an Admin with a recent sign-in", () => {
    const scopeFabric = { id: fabric.fabricId, teamId: fabric.teamId, ...existing };
    const stale = { ...fabric.admin, authenticatedAt: new Date(Date.now() - 11 * 60_000) };
    expect(() => grant(fabric.user, "user", scopeFabric, "token:write")).toThrow(Forbidden);
    expect(() => grant(stale, "admin", scopeFabric, "token:write")).toThrow(NotFresh);
  });
});
