import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { getSecret } from "@/lib/secrets/queries";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("web");
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "history");
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("of a secret with many versions and names, the newest hundred are read, and when each field was set", async () => {
  const { fabricId, user } = fabric;
  const by = { createdById: user.id, createdByName: user.name };
  const name = { name: "login", nameKey: "login" };
  await owner.secret.create({
    data: {
      id: "s",
      fabricId,
      ...name,
      subKind: "username_password",
      ...by,
      updatedById: user.id,
      updatedByName: user.name,
    },
  });
  await owner.secretName.create({ data: { fabricId, ...name, secretId: "s" } });
  const day = (n: number) => new Date(Date.UTC(2026, 0, n));
  const upTo150 = Array.from({ length: 150 }, (_, i) => i + 1);
  await owner.secretVersion.createMany({
    data: upTo150.map((version) => ({
      secretId: "s",
      version,
      fabricId,
      manifest: { username: 7, password: version },
      metadata: {},
      createdAt: day(version),
      ...by,
    })),
  });
  await owner.secretName.createMany({
    data: upTo150.map((n) => ({
      fabricId,
      name: `old_${n}`,
      nameKey: `old_${n}`,
      secretId: "s",
      retiredAt: day(n),
    })),
  });
  const secret = await getSecret(fabric.scope("user", "secret:list"), "s");
  expect([secret.version, secret.versions.length, secret.versions.at(-1)?.version]).toEqual([150, 100, 51]);
  expect([secret.formerNames.length, secret.formerNames.at(-1)?.name]).toEqual([100, "old_51"]);
  expect(secret.fields).toEqual([
    { field: "password", version: 150, setAt: day(150) },
    { field: "username", version: 7, setAt: day(7) },
  ]);
});
