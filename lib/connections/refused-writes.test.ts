import { afterAll, beforeAll, expect, test } from "vitest";
import { createConnection, updateConnection } from "@/lib/connections/mutations";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { idempotentForm } from "@/lib/idempotency/request";
import { inlineSecret } from "@/lib/secrets/inline";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

// A connection that is refused stores nothing, neither the value that came with it nor its Idempotency-Key.

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = () => fabric.scope("user", "connection:write");
const inline = (current?: { secretId: string; connectionId: string }) =>
  inlineSecret(fabric.scope("user", "secret:write"), {
    value: "came-inline",
    connectionName: "orders",
    current: current && { ...current, destinations: [] },
  });
const settings = (password: string, more: object = {}) => ({
  ...{ kind: "postgres", name: "orders", description: "" },
  properties: { server: "db.example.com", database: "d", username: "u", password, ...more },
});
/** A certificate that nobody stored. */
const missing = { tlsMode: "verify-full", caCertificate: "01999999-0000-7000-8000-000000000000" };

/** Everything that a write could have left behind. */
const stored = async () => ({
  secrets: await owner.secret.count(),
  versions: await owner.secretVersion.count(),
  keys: await owner.idempotentCreate.count(),
  events: await owner.auditEvent.count(),
});

test("a create that is refused leaves no secret and no key", async () => {
  const before = await stored();
  const key = () => idempotentForm(fabric.user, "a-key-of-a-create", {});
  const refused = [
    settings("", missing),
    // No PostgreSQL connection is the warehouse of this fabric.
    { ...settings(""), isDefaultWarehouseConnection: true },
  ];
  for (const input of refused) {
    const { secretId, before: storeSecret } = await inline();
    const properties = { ...input.properties, password: secretId };
    const options = { before: storeSecret, idempotent: key() };
    const created = await createConnection(write(), { ...input, properties }, options);
    expect(created.ok).toBe(false);
    expect(await stored()).toEqual(before);
  }
});

test("an update that is refused leaves the former value", async () => {
  const first = await inline();
  const created = await createConnection(write(), settings(first.secretId), { before: first.before });
  if (!created.ok) throw new Error(created.code);
  const connectionId = created.value.id;
  const before = await stored();
  const next = await inline({ secretId: first.secretId, connectionId });
  const { name, description, properties } = settings(next.secretId, missing);
  const updated = await updateConnection(
    write(),
    { connectionId, name, description, properties },
    { before: next.before },
  );
  expect(updated).toMatchObject({ ok: false, code: "invalid_properties" });
  expect(await stored()).toEqual(before);
});
