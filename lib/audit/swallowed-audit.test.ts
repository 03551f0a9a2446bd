import { afterAll, beforeAll, expect, test } from "vitest";
import { createConnection } from "@/lib/connections/mutations";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { whileAuditIsSwallowed } from "@/testing/swallowed-audit";

let urls: TestDatabase;
let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  urls = await createTestDatabase("web");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const text = (name: string) => ({ subKind: "text" as const, name, description: "", fields: { value: "v" } });
const write = () => fabric.scope("admin", "secret:write");

test("web writes nothing when the database swallows its audit event", async () => {
  const created = await createSecret(write(), text("kept"));
  if (!created.ok) throw new Error(created.code);
  const secretId = created.value.id;
  const properties = { server: "db.example.com", port: "5432", database: "d", username: "u" };
  const tries: Record<string, () => Promise<unknown>> = {
    "create a secret": () => createSecret(write(), text("new")),
    "replace its value": () =>
      replaceSecret(write(), {
        secretId,
        subKind: "text",
        expectedVersion: 1,
        fields: { value: "w" },
        destinationIds: [],
      }),
    "rename it": () => renameSecret(write(), { secretId, name: "other" }),
    "delete it": () => deleteSecret(fabric.scope("admin", "secret:delete:own"), { secretId }),
    "create a connection": () =>
      createConnection(fabric.scope("admin", "connection:write"), {
        kind: "postgres",
        name: "orders",
        description: "",
        properties: { ...properties, password: secretId },
      }),
  };
  const count = async () => [
    await owner.secret.findMany({ select: { id: true, name: true, deletedAt: true } }),
    await owner.secretVersion.count(),
    await owner.secretName.count(),
    await owner.secretField.count(),
    await owner.connection.count(),
    await owner.auditEvent.count(),
  ];
  const before = await count();
  for (const [what, attempt] of Object.entries(tries)) {
    await expect(whileAuditIsSwallowed(urls.ownerUrl, fabric.fabricId, attempt), what).rejects.toThrow(
      /audit event/,
    );
    expect(await count(), what).toEqual(before);
  }
  for (const [what, attempt] of Object.entries(tries))
    if (what !== "create a connection") expect(await attempt(), what).toMatchObject({ ok: true });
});
