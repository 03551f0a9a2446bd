import { v7 as uuidv7 } from "uuid";
import { newPipelineToken } from "@/lib/access/pipeline";
import { newAccessToken } from "@/lib/access-tokens/token";
import { createDb, type Db } from "@/lib/db/client";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import type { TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";

/** A fabric of the benchmark: its token, and its secrets' names and ids. */
export type BenchFabric = { fabricId: string; token: string; secrets: { id: string; name: string }[] };

/** One fabric with many secrets, and an access token of its Admin. */
export type LargeFabric = { fabricId: string; accessToken: string };

/** One fabric with many values, and its Admin. */
export type HugeFabric = { fabricId: string; adminId: string; values: number };

const fabrics = 100;
const secretsEach = 100;

/**
 * Writes 10,000 text secrets in 100 fabrics, sealed as web seals them, and a pipeline token for each fabric.
 */
export async function seed({ ownerUrl, webUrl }: TestDatabase): Promise<BenchFabric[]> {
  const owner = createDb(ownerUrl);
  const made: BenchFabric[] = [];
  for (let i = 0; i < fabrics; i += 1) {
    const fabric = await createTestFabric(owner, `bench ${i}`);
    const secrets = await addSecrets(owner, fabric, webUrl, secretsEach);
    await addConnection(owner, fabric, secrets[0]?.id ?? "");
    made.push({ fabricId: fabric.fabricId, token: await addToken(owner, fabric), secrets });
  }
  // pgbench cannot know the ids, so this table numbers them.
  await owner.$executeRaw`CREATE TABLE bench_id AS SELECT (row_number() OVER () - 1)::int AS n, id AS "secretId" FROM secret`;
  await owner.$executeRaw`CREATE UNIQUE INDEX ON bench_id (n)`;
  await owner.$executeRawUnsafe("VACUUM ANALYZE");
  await owner.$disconnect();
  return made;
}

/** Writes many text secrets in one fabric, 10,000 for lists and searches. */
export async function seedLarge(
  { ownerUrl, webUrl }: TestDatabase,
  { thousands = 10 }: { thousands?: number } = {},
): Promise<LargeFabric> {
  const owner = createDb(ownerUrl);
  const fabric = await createTestFabric(owner, "bench large");
  for (let i = 0; i < thousands; i += 1) await addSecrets(owner, fabric, webUrl, 1000, i * 1000);
  const { token, tokenHash } = newAccessToken();
  await owner.accessToken.create({ data: { userId: fabric.admin.id, name: "bench", tokenHash } });
  await owner.$executeRawUnsafe("VACUUM ANALYZE");
  await owner.$disconnect();
  return { fabricId: fabric.fabricId, accessToken: token };
}

/** Writes many text secrets in one fabric, for a rotation of its key. */
export async function seedHuge({ ownerUrl, webUrl }: TestDatabase, values: number): Promise<HugeFabric> {
  const owner = createDb(ownerUrl);
  const fabric = await createTestFabric(owner, "bench huge");
  for (let i = 0; i < values; i += 1000) await addSecrets(owner, fabric, webUrl, 1000, i);
  await owner.$executeRawUnsafe("VACUUM ANALYZE");
  await owner.$disconnect();
  return { fabricId: fabric.fabricId, adminId: fabric.admin.id, values };
}

async function addToken(owner: Db, { fabricId, admin }: TestFabric): Promise<string> {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({ data: { fabricId, name: "bench", tokenHash, ...by } });
  return token;
}

async function addConnection(owner: Db, { fabricId, user }: TestFabric, secretId: string): Promise<void> {
  const id = uuidv7();
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const properties = { server: "db.example.com", port: "5432", database: "sales", username: "etl" };
  const row = { id, fabricId, name: "warehouse", nameKey: "warehouse", kind: "postgres", configHash: id };
  await owner.connection.create({ data: { ...row, properties, ...by } });
  await owner.connectionSecret.create({ data: { connectionId: id, field: "password", secretId, fabricId } });
  const { createdById, createdByName } = by;
  const destination = "postgres://db.example.com:5432?tls=verify-full";
  const allowed = { fabricId, secretId, version: 1, destination, createdById, createdByName };
  await owner.allowedDestination.create({ data: allowed });
}

async function addSecrets(
  owner: Db,
  { fabricId, user }: TestFabric,
  webUrl: string,
  count: number,
  first = 0,
) {
  process.env.WEB_DATABASE_URL = webUrl;
  const key = await sealingKey(fabricId, owner);
  delete process.env.WEB_DATABASE_URL;
  const by = { createdById: user.id, createdByName: user.name };
  const secrets = Array.from({ length: count }, (_, i) => ({ id: uuidv7(), name: `secret_${first + i}` }));
  await owner.secret.createMany({
    data: secrets.map(({ id, name }) => ({
      id,
      fabricId,
      name,
      nameKey: name,
      subKind: "text",
      ...by,
      updatedById: user.id,
      updatedByName: user.name,
    })),
  });
  await owner.secretUse.createMany({ data: secrets.map(({ id }) => ({ secretId: id, fabricId })) });
  await owner.secretName.createMany({
    data: secrets.map(({ id, name }) => ({ fabricId, name, nameKey: name, secretId: id })),
  });
  await owner.secretVersion.createMany({
    data: secrets.map(({ id }) => ({
      secretId: id,
      version: 1,
      fabricId,
      manifest: { value: 1 },
      metadata: {},
      ...by,
    })),
  });
  const sealed = await Promise.all(
    secrets.map(({ id, name }) =>
      sealFields(key, { secretId: id, subKind: "text", version: 1 }, { value: `${name} ${uuidv7()}` }),
    ),
  );
  await owner.secretField.createMany({ data: sealed.flat() });
  return secrets;
}
