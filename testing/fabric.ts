import { v7 as uuidv7 } from "uuid";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import type { Permission, Role } from "@/lib/access/policy";
import { grant, type Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import type { Db } from "@/lib/db/client";
import { openKeyring } from "@/lib/kms/keyring";

/** The state of a fabric that was never deleted, for `grant`. */
export const existing = { accessEpoch: 0, isDeleted: false } as const;

/** A team with an Admin and a User, and a fabric with its key. Most data tests use it. */
export type TestFabric = Awaited<ReturnType<typeof createTestFabric>>;

/**
 * Writes a team, two people and a fabric with a key, as the owner of the database. Requires the test keys in
 * the environment.
 */
export async function createTestFabric(owner: Db, name = "fabric") {
  const keyring = await openKeyring({ masterKeyFile: process.env.MASTER_KEY_FILE ?? "" });
  const keys = createFabricKeys(owner, keyring, JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "{}"));
  const fabricId = uuidv7();
  const label = `${name} ${fabricId.slice(-6)}`;
  const team = await owner.team.create({ data: { name: label, nameKey: label.toLowerCase() } });
  const people = { admin: await person(owner, team.id, "admin"), user: await person(owner, team.id, "user") };
  await owner.fabricKey.create({ data: await keys.newPair(fabricId) });
  await owner.fabric.create({
    data: {
      id: fabricId,
      teamId: team.id,
      name: label,
      nameKey: label.toLowerCase(),
      provider: "none",
      createdById: people.admin.id,
      createdByName: people.admin.name,
    },
  });
  return {
    fabricId,
    teamId: team.id,
    keys,
    ...people,
    /** The scope of one of the two people, or of a pipeline. */
    scope<P extends Permission>(role: Exclude<Role, "background" | "link">, permission: P): Scope<P> {
      const actor: Actor =
        role === "pipeline" ? { kind: "pipeline", id: "p1", name: "nightly" } : people[role];
      return grant(actor, role, { id: fabricId, teamId: team.id, ...existing }, permission);
    },
  };
}

async function person(owner: Db, teamId: string, role: "admin" | "user"): Promise<Actor & { kind: "user" }> {
  const id = uuidv7();
  const email = `${role}-${id}@test.example`;
  const name = role === "admin" ? "Ada Admin" : "Uri User";
  await owner.user.create({
    data: { id, email, emailKey: email, name, memberships: { create: { teamId, role } } },
  });
  return { kind: "user", id, name, email, accessEpoch: 0, authenticatedAt: new Date() };
}
