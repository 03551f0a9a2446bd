import "@/lib/protect-process";
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Actor } from "@/lib/actor";
import { createConnection } from "@/lib/connections/mutations";
import { closeDb, db } from "@/lib/db/client";
import { createFabric, deleteFabric } from "@/lib/fabrics/mutations";
import type { Result } from "@/lib/result";
import { createSecret } from "@/lib/secrets/mutations";
import {
  type DemoConnection,
  type DemoDatabase,
  type DemoFabric,
  demoDatabase,
  fabrics,
} from "@/prisma/demo/fabrics";
import { chooseLogins, createPeople, type DemoEmail } from "@/prisma/demo/people";

/**
 * Fills an empty installation with a demo, as the demo's people, with the mutations that the product uses.
 */
async function seed(loginsFile: string, database: DemoDatabase | undefined): Promise<void> {
  // The file gets its final name last, so that an interrupted seed resumes at the next start.
  const unfinished = `${loginsFile}.part`;
  if (!existsSync(unfinished)) await chooseLogins(unfinished);
  await createPeople(unfinished);
  for (const fabric of fabrics(database)) await seedFabric(fabric);
  await rename(unfinished, loginsFile);
}

async function seedFabric({ by, team, input, secrets, connections }: DemoFabric): Promise<void> {
  const { id: teamId } = await db.team.findUniqueOrThrow({
    where: { nameKey: team.toLowerCase() },
    select: { id: true },
  });
  // A fabric of an interrupted seed may be incomplete, and its secrets open a database that no longer exists.
  const former = await db.fabric.findFirst({
    where: { teamId, nameKey: input.name.toLowerCase() },
    select: { id: true },
  });
  if (former)
    valueOrThrow(await deleteFabric(await authorize(await actorOf(by), former.id, "fabric:delete")));
  const teamScope = await authorizeTeam(await actorOf(by), teamId, "fabric:write");
  const { id: fabricId } = valueOrThrow(await createFabric(teamScope, input));
  const idByName = new Map<string, string>();
  for (const { by: author, input: secret } of secrets) {
    const scope = await authorize(await actorOf(author), fabricId, "secret:write");
    idByName.set(secret.name, valueOrThrow(await createSecret(scope, secret)).id);
  }
  for (const connection of connections) await seedConnection(fabricId, connection, idByName);
}

async function seedConnection(
  fabricId: string,
  { by, kind, name, description, properties, secrets }: DemoConnection,
  idByName: ReadonlyMap<string, string>,
): Promise<void> {
  const scope = await authorize(await actorOf(by), fabricId, "connection:write");
  const references = Object.entries(secrets).map(([field, secret]) => [field, idByName.get(secret)]);
  valueOrThrow(
    await createConnection(scope, {
      kind,
      name,
      description,
      properties: { ...properties, ...Object.fromEntries(references) },
    }),
  );
}

async function actorOf(email: DemoEmail): Promise<Actor> {
  const user = await db.user.findUniqueOrThrow({
    where: { emailKey: email },
    select: { id: true, name: true, email: true, accessEpoch: true },
  });
  return { kind: "user", ...user, authenticatedAt: new Date() };
}

function valueOrThrow<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new Error(
    `The demo could not be created: ${result.code} ${JSON.stringify(result.fieldErrors ?? {})}`,
  );
}

try {
  // Read directly, because only this program uses them, once. lib/env.ts is for programs that serve.
  const { DEMO_LOGINS_FILE: loginsFile, DEMO_DATABASE: database } = process.env;
  if (!loginsFile) throw new Error("DEMO_LOGINS_FILE is not set.");
  await seed(loginsFile, database ? demoDatabase.parse(JSON.parse(database)) : undefined);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await closeDb();
}
