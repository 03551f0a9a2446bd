import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import {
  allows,
  freshForMs,
  needsFreshSignIn,
  type Permission,
  policy,
  type Role,
} from "@/lib/access/policy";
import { grant } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, existing, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let deleted: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  deleted = await createTestFabric(owner, "deleted");
  const destroyAt = new Date(Date.now() + 7 * 24 * 60 * 60_000);
  const by = { requestedById: deleted.admin.id, requestedByName: deleted.admin.name };
  await owner.fabricDeletion.create({ data: { fabricId: deleted.fabricId, destroyAt, ...by } });
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

/**
 * Permissions by role, written by hand. A star requires a sign-in within the last ten minutes; two stars require
 * it of a person, and none of an access token.
 */
const golden = `
  permission                User  Admin  pipeline  background  access token of an Admin
  fabric:see                yes   yes    no        no          yes
  fabric:write              no    yes    no        no          yes
  fabric:delete             no    yes** no        no          yes
  fabric:restore            no    yes*  no        no          no
  secret:list               yes   yes    no        no          yes
  secret:write              yes   yes    no        no          yes
  secret:delete:own         yes   yes    no        no          yes
  secret:delete             no    yes    no        no          yes
  secret:restore:own        yes   yes    no        no          yes
  secret:restore            no    yes    no        no          yes
  secret:name:drop          no    yes    no        no          yes
  secret:copy               no    yes*   no        no          no
  secret:use                no    no     yes       no          no
  entry-link:list           yes   yes    no        no          yes
  entry-link:write          yes*  yes*   no        no          no
  entry-link:use            no    no     no        no          no
  connection:list           yes   yes    no        no          yes
  connection:write          yes   yes    no        no          yes
  connection:check          yes   yes    no        yes         yes
  trash:purge               no    yes*   no        no          no
  trash:list                yes   yes    no        no          yes
  activity:list             yes   yes    no        no          yes
  reminder:snooze           yes   yes    no        no          yes
  version:write             no    yes*   no        no          no
  fabric-key:list           no    yes    no        no          yes
  fabric-key:write          no    yes*   no        no          no
  token:list                yes   yes    no        no          yes
  token:write               no    yes*   no        no          no
  destination:write         no    yes*   no        no          no
  rotation:write            no    yes*   no        no          no
  rotation:run              no    yes**  no        no          yes
  credential-attempt:reset  no    yes*   no        no          no
  alarm:acknowledge         no    yes*   no        no          no
  team:see                  yes   yes    no        no          yes
  team:write                no    yes*   no        no          no
  access:list               no    yes    no        no          yes
  access:revoke             no    yes*   no        no          no
`;
/** Permissions about a deleted fabric, by hand. All others are about one that is not deleted. */
const aboutDeleted: readonly string[] = ["fabric:restore"];
const lines = golden.trim().split("\n").slice(1);
const table = lines.map((line) => {
  const [permission = "", user, admin, pipeline, background, token] = line.trim().split(/\s+/);
  return { permission: permission as Permission, user, admin, pipeline, background, token };
});
const cells = table.flatMap(({ permission, user, admin }) => [
  ["user", permission, user !== "no"] as const,
  ["admin", permission, admin !== "no"] as const,
]);

describe("the policy", () => {
  test("has exactly one line for each permission", () => {
    expect(Object.keys(policy).sort()).toEqual(table.map(({ permission }) => permission).sort());
  });

  test.each(table)("grants $permission to the roles of its line", ({ permission, ...cells }) => {
    for (const role of ["user", "admin", "pipeline", "background"] as const)
      expect([role, allows(role, permission)]).toEqual([role, cells[role] !== "no"]);
  });

  test("grants an entry link nothing but to enter its value", () => {
    const all = Object.keys(policy) as Permission[];
    expect(all.filter((permission) => allows("link", permission))).toEqual(["entry-link:use"]);
  });

  test.each(table)("requires a recent sign-in for $permission where its line has a star", (line) => {
    expect(needsFreshSignIn(line.permission)).toBe(line.admin?.endsWith("*"));
  });

  test.each(table)("grants $permission to an Admin's access token: $token", ({ permission, token }) => {
    const actor: Actor = {
      ...fabric.admin,
      authenticatedAt: new Date(0),
      accessToken: { id: "a1", name: "script" },
    };
    const isDeleted = aboutDeleted.includes(permission);
    const attempt = () => grant(actor, "admin", { id: "f", teamId: "t", ...existing, isDeleted }, permission);
    if (token === "yes") expect(attempt).not.toThrow();
    else expect(attempt).toThrow();
  });

  test.each(cells)("admits a %s who asks for %s: %s", async (role, permission, isAllowed) => {
    const { fabricId, ...people } = aboutDeleted.includes(permission) ? deleted : fabric;
    const scope = authorize(people[role], fabricId, permission);
    if (isAllowed) expect((await scope).role).toBe(role);
    else await expect(scope).rejects.toThrow(Forbidden);
  });

  test.each(cells)("answers another team's %s who asks for %s with not found", async (role, permission) => {
    await expect(authorize(other[role], fabric.fabricId, permission)).rejects.toThrow(NotFound);
    await expect(authorizeTeam(other[role], fabric.teamId, permission)).rejects.toThrow(NotFound);
    const nowhere = await authorize(fabric[role], "nowhere", permission).catch(
      (error: Error) => error.message,
    );
    const theirs = await authorize(fabric[role], other.fabricId, permission).catch(
      (error: Error) => error.message,
    );
    expect(theirs).toBe(nowhere);
  });

  test.each(table.filter(({ admin }) => admin?.endsWith("*")))(
    "requires a sign-in within the last ten minutes for $permission",
    async ({ permission }) => {
      const { fabricId, admin } = aboutDeleted.includes(permission) ? deleted : fabric;
      const stale: Actor = { ...admin, authenticatedAt: new Date(Date.now() - freshForMs - 1000) };
      await expect(authorize(stale, fabricId, permission)).rejects.toThrow(NotFresh);
      await expect(authorize(admin, fabricId, permission)).resolves.toBeDefined();
    },
  );

  test.each(cells)("hides a deleted fabric from its own %s who asks for %s", async (role, permission) => {
    if (aboutDeleted.includes(permission)) {
      await expect(authorize(fabric[role], fabric.fabricId, permission)).rejects.toThrow(NotFound);
      return;
    }
    await expect(authorize(deleted[role], deleted.fabricId, permission)).rejects.toThrow(NotFound);
  });

  test.each(table)("makes no scope for $permission in a deleted fabric, whoever asks", ({ permission }) => {
    const isDeleted = !aboutDeleted.includes(permission);
    for (const role of ["user", "admin", "pipeline", "background"] as const)
      expect(() =>
        grant(fabric.admin, role, { id: "f", teamId: "t", ...existing, isDeleted }, permission),
      ).toThrow(NotFound);
  });

  test("does not refuse one caller because of another caller's concurrent request", async () => {
    const [bad, good] = await Promise.allSettled([
      authorize(fabric.user, "\0", "secret:list"),
      authorize(fabric.user, fabric.fabricId, "secret:list"),
    ]);
    expect(bad).toMatchObject({ status: "rejected", reason: expect.any(NotFound) });
    expect(good).toMatchObject({ status: "fulfilled", value: { fabricId: fabric.fabricId } });
  });

  test("revokes access when the membership ends", async () => {
    const where = { teamId_userId: { teamId: fabric.teamId, userId: fabric.user.id } };
    await owner.membership.delete({ where });
    await expect(authorize(fabric.user, fabric.fabricId, "secret:list")).rejects.toThrow(NotFound);
    await owner.membership.create({ data: { teamId: fabric.teamId, userId: fabric.user.id, role: "user" } });
  });

  test("grants no scope for an unknown role", () => {
    const nobody = "owner" as Role;
    expect(() => grant(fabric.admin, nobody, { id: "f", teamId: "t", ...existing }, "secret:list")).toThrow();
  });
});
