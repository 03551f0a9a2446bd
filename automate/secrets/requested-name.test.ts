import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { recordableNames } from "@/automate/secrets/requested-name";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

/** A pasted password with the form of a name. */
const pasted = "hunter2-hunter2.Correct_Horse";
let owner: Db;
let ownerUrl: string;
let fabric: TestFabric;
let app: FastifyInstance;
let token: string;
let tokenId: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  const urls = await createTestDatabase("automate");
  ownerUrl = urls.ownerUrl;
  owner = createDb(ownerUrl);
  fabric = await createTestFabric(owner);
  const versions = [{ by: "user" as const, fields: { value: "v" } }];
  await addTestSecret(owner, fabric, urls.webUrl, { id: "Warehouse", subKind: "text", versions });
  const { fabricId, user } = fabric;
  const by = { createdById: user.id, createdByName: user.name };
  const connection = { id: "orders", fabricId, name: "Orders DB", nameKey: "orders db", kind: "postgres" };
  await owner.connection.create({
    data: {
      ...connection,
      properties: {},
      configHash: "h",
      ...by,
      updatedById: user.id,
      updatedByName: user.name,
    },
  });
  const created = newPipelineToken();
  token = created.token;
  ({ id: tokenId } = await owner.pipelineToken.create({
    data: { fabricId, name: "nightly", tokenHash: created.tokenHash, ...by },
  }));
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

async function recorded(ask: () => Promise<unknown>) {
  const before = await owner.auditEvent.count();
  await ask();
  const rows = await owner.auditEvent.findMany({ orderBy: { id: "asc" }, skip: before });
  return rows.map(({ action, objectName, details }) => ({ action, objectName, details }));
}

describe("automate records a missing name", () => {
  const apis: [api: string, action: string, ask: (name: string) => Promise<unknown>][] = [
    ["a secret by name", "secret.refuse", (name) => get(`/v1/secrets/${encodeURIComponent(name)}`)],
    ["a batch", "secret.refuse", (name) => post("/v1/secrets:batch", { names: [name] })],
    ["a token", "secret.refuse", (name) => post(`/v1/secrets/${encodeURIComponent(name)}/token`, {})],
    ["Vault's data", "secret.refuse", (name) => get(`/vault/v1/${fabric.fabricId}/data/${name}`)],
    ["Vault's metadata", "secret.refuse", (name) => get(`/vault/v1/${fabric.fabricId}/metadata/${name}`)],
  ];
  const get = (url: string) => app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  const post = (url: string, payload: object) =>
    app.inject({ method: "POST", url, payload, headers: { authorization: `Bearer ${token}` } });

  test.each(apis)(
    "by %s: in clear for a typing mistake, otherwise by its length",
    async (_door, action, ask) => {
      await owner.pipelineToken.update({ where: { id: tokenId }, data: { name: `nightly ${_door}` } });
      const [typo] = await recorded(() => ask("wharehouse"));
      expect(typo).toEqual({
        action,
        objectName: "wharehouse",
        details: { code: "not_found", source: "127.0.0.1" },
      });
      const [value] = await recorded(() => ask(pasted));
      const details = { code: "not_found", source: "127.0.0.1", length: pasted.length };
      expect(value).toEqual({ action, objectName: "", details });
    },
  );

  test("of a connection in the same way; these names contain spaces", async () => {
    const ask = (name: string) => get(`/v1/connections/${encodeURIComponent(name)}`);
    const [typo] = await recorded(() => ask("Order DB"));
    expect(typo).toMatchObject({ action: "connection.refuse", objectName: "Order DB" });
    const [value] = await recorded(() => ask(pasted));
    expect(value).toMatchObject({ objectName: "", details: { length: pasted.length } });
  });

  test("once and then counts repeated requests", async () => {
    const name = "not-at-all-like-it";
    // No minute begins meanwhile.
    vi.useFakeTimers({ toFake: ["Date"] });
    const events = await recorded(async () => {
      for (let n = 0; n < 20; n += 1) await get(`/v1/secrets/${name}`);
    }).finally(() => vi.useRealTimers());
    // Counts of other names may be stored at the same time.
    const own = events.filter(({ details }) => (details as { length?: number }).length === name.length);
    expect(own).toHaveLength(1);
  });

  test("never, when the caller sent it as a fabric", async () => {
    const headers = { authorization: "Bearer a.b.c", "x-selvage-fabric": pasted };
    await app.inject({ url: "/v1/secrets/Warehouse", headers });
    await get(`/vault/v1/${pasted}/data/Warehouse`);
    const rows = await owner.auditEvent.findMany();
    expect(JSON.stringify(rows)).not.toContain(pasted);
  });
});

describe("for any requested text", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  const edit = fc.tuple(
    fc.nat(200),
    fc.constantFrom("add", "drop", "change", "exchange"),
    fc.constantFrom(...letters),
  );

  test("a name within two edits of an existing one is recorded in clear", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        const requested = edits.reduce((name, [n, kind, letter]) => {
          const i = n % name.length;
          if (kind === "add") return name.slice(0, i) + letter + name.slice(i);
          if (kind === "drop") return name.slice(0, i) + name.slice(i + 1);
          if (kind === "change") return name.slice(0, i) + letter + name.slice(i + 1);
          return name.slice(0, i) + (name[i + 1] ?? "") + (name[i] ?? "") + name.slice(i + 2);
        }, "warehouse");
        expect(await recordableNames("secret", fabric.fabricId, [requested])).toEqual([
          { name: requested, length: requested.length },
        ]);
      }),
      { numRuns: 30 },
    );
  });

  test("other text is never recorded in clear", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 12, maxLength: 140, unit: "binary" }), async (requested) => {
        const [one] = await recordableNames("secret", fabric.fabricId, [requested]);
        expect(one).toEqual({ name: "", length: [...requested].length });
      }),
      { numRuns: 30 },
    );
  });
});

test.runIf(process.env.RUN_LONG)(
  "automate finds one among 100,000 names in little time, and does not search during a flood",
  async () => {
    const large = await createTestFabric(owner, "large");
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    const { fabricId, user } = large;
    await client.query(
      `INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", "createdById", "createdByName", "updatedById", "updatedByName")
     VALUES ('many', $1, 'many', 'many', 'text', $2, 'x', $2, 'x')`,
      [fabricId, user.id],
    );
    await client.query(
      `INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId")
     SELECT $1, 'secret_' || n, 'secret_' || n, 'many' FROM generate_series(100000, 199999) AS n`,
      [fabricId],
    );
    await client.query("ANALYZE secret_name");
    await client.end();
    const ask = async (name: string) => (await recordableNames("secret", fabricId, [name]))[0]?.name;
    expect(await ask("secert_123456")).toBe("secert_123456");
    expect(await ask("sekret_199998x")).toBe("sekret_199998x");
    expect(await ask(pasted)).toBe("");
    // Each of these is near an existing name. After one second of searching, automate stops searching.
    const names = Array.from({ length: 2000 }, (_, n) => `secret_${100_000 + n}x`);
    let found = 0;
    for (const name of names) if (await ask(name)) found += 1;
    expect(found).toBeLessThan(names.length);
  },
);
