import pg from "pg";
import { configHash } from "@/lib/connections/config-hash";
import type { Db } from "@/lib/db/client";
import type { TestFabric } from "@/testing/fabric";
import type { PostgresLogin } from "@/testing/servers/postgres-login";

/** A saved PostgreSQL connection that uses this secret, which may be sent there, and whose last check passed. */
export async function addRotatedConnection(
  owner: Db,
  { fabricId, admin }: TestFabric,
  {
    id,
    secretId,
    login,
    username,
  }: { id: string; secretId: string; login: PostgresLogin; username?: string },
): Promise<void> {
  const { server, port, database } = login;
  const properties = { server, port, database, tlsMode: "disable", ...(username ? { username } : {}) };
  const by = { createdById: admin.id, createdByName: admin.name };
  const hash = configHash("postgres", { ...properties, password: secretId });
  await owner.connection.create({
    data: {
      ...{
        id,
        fabricId,
        name: id,
        nameKey: id.toLowerCase(),
        kind: "postgres",
        configHash: hash,
        properties,
      },
      ...{ ...by, updatedById: admin.id, updatedByName: admin.name },
    },
  });
  await owner.connectionSecret.create({ data: { connectionId: id, field: "password", secretId, fabricId } });
  const destination = `postgres://${server}:${port}?tls=disable`;
  await owner.allowedDestination.createMany({
    data: [{ fabricId, secretId, version: 1, destination, ...by }],
    skipDuplicates: true,
  });
  await owner.connectionCheck.create({
    data: { fabricId, configHash: hash, ok: true, durationMs: 1, actorId: admin.id, actorName: admin.name },
  });
}

/** Tries a sign-in at the server of this login. */
export async function signsIn(
  { server, port, database }: PostgresLogin,
  user: string,
  password: string,
): Promise<boolean> {
  const client = new pg.Client({ host: server, port: Number(port), database, user, password });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Runs statements at a server as its owner. */
export async function asServerOwner(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
