import { randomBytes } from "node:crypto";
import { hash } from "@node-rs/argon2";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import type { TokenLimits } from "@/lib/internal-api/bodies/pipeline-token";
import { sendSigned } from "@/testing/signed-request";
import { stack } from "@/testing/stack-address";

export type Role = "admin" | "user";
export type Team = { id: string; name: string };
export type Fabric = { id: string; name: string };
export type Person = { id: string; email: string; name: string };
/** The setting of most journeys: a team with two people and a fabric. */
export type Tenant = { team: Team; fabric: Fabric; admin: Person; user: Person };

let pool: pg.Pool | undefined;

/** The stack's database, as its owner. */
export function database(): pg.Pool {
  pool ??= new pg.Pool({ connectionString: stack().databaseUrl, max: 4, allowExitOnIdle: true });
  return pool;
}

export async function createTenant(label = "Field"): Promise<Tenant> {
  const team = await createTeam(label);
  const admin = await createPerson({ name: "Ada Admin", in: team, role: "admin" });
  const user = await createPerson({ name: "Uri User", in: team, role: "user" });
  return { team, admin, user, fabric: await createFabric(team, admin) };
}

export async function createTeam(label: string, id = uuidv7()): Promise<Team> {
  const name = `${label} ${randomBytes(3).toString("hex")}`;
  await insert("team", { id, name, nameKey: name.toLowerCase() });
  return { id, name };
}

/** A person, by default without a password. Uses the cheapest argon2id parameters, to keep tests fast. */
export async function createPerson(given: {
  name: string;
  in?: Team;
  role?: Role;
  password?: string;
  email?: string;
}): Promise<Person> {
  const id = uuidv7();
  const email =
    given.email ?? `${given.name.replaceAll(" ", ".").toLowerCase()}.${id.slice(-8)}@test.example`;
  const passwordHash =
    given.password === undefined ? null : await hash(given.password, { memoryCost: 4096, timeCost: 1 });
  await insert("app_user", { id, email, emailKey: email, name: given.name, passwordHash });
  if (given.in) await insert("membership", { teamId: given.in.id, userId: id, role: given.role ?? "user" });
  return { id, email, name: given.name };
}

/** A fabric, with a key that automate creates for it. */
export async function createFabric(team: Team, admin: Person, label = "Loom"): Promise<Fabric> {
  const id = uuidv7();
  const name = `${label} ${randomBytes(3).toString("hex")}`;
  const answer = await sendSigned({ userId: admin.id, fabricId: id }, "fabric-key:create", { fabricId: id });
  if (!answer.ok) throw new Error(`No key for the fabric: ${answer.status} ${await answer.text()}`);
  await insert("fabric", {
    id,
    teamId: team.id,
    name,
    nameKey: name.toLowerCase(),
    provider: "none",
    createdById: admin.id,
    createdByName: admin.name,
  });
  return { id, name };
}

/** A pipeline token that automate creates for an Admin. */
export async function createToken(
  { fabric, admin }: Pick<Tenant, "fabric" | "admin">,
  {
    name = "nightly",
    expiresAt = null,
    limits,
  }: { name?: string; expiresAt?: string | null; limits?: TokenLimits } = {},
): Promise<{ id: string; token: string }> {
  const answer = await sendSigned({ userId: admin.id, fabricId: fabric.id }, "token:create", {
    name,
    expiresAt,
    limits,
  });
  if (!answer.ok) throw new Error(`No token: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Writes one row as the owner. */
export async function insert(table: string, row: Record<string, unknown>): Promise<void> {
  const columns = Object.keys(row).map((name) => pg.escapeIdentifier(name));
  const places = columns.map((_, index) => `$${index + 1}`);
  await database().query(
    `INSERT INTO ${pg.escapeIdentifier(table)} (${columns.join(", ")}) VALUES (${places.join(", ")})`,
    Object.values(row),
  );
}
