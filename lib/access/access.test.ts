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
import { createDb, type Db, db } from "@/lib/db/client";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await db.$disconnect();
});

const permissions = [...new Set(Object.values(policy).flat())] as Permission[];
const cells = permissions.flatMap((permission) =>
  (["user", "admin"] as const).map((role) => [role, permission, allows(role, permission)] as const),
);

describe("the policy", () => {
  test("lets no person receive a value, and a pipeline do nothing else", () => {
    expect(policy.pipeline).toEqual(["secret:use"]);
    expect(allows("user", "secret:use") || allows("admin", "secret:use")).toBe(false);
  });

  test("lets Selvage by itself check, and nothing else", () => {
    expect(policy.background).toEqual(["connection:check"]);
  });

  test("gives an Admin all that a User may", () => {
    expect(policy.user.every((permission) => allows("admin", permission))).toBe(true);
  });

  test.each(cells)("a %s who asks for %s is let in: %s", async (role, permission, isAllowed) => {
    const asked = authorize(fabric[role], fabric.fabricId, permission);
    if (isAllowed) expect((await asked).role).toBe(role);
    else await expect(asked).rejects.toThrow(Forbidden);
  });

  test.each(cells)("another team's %s who asks for %s finds nothing", async (role, permission) => {
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

  test.each([...needsFreshSignIn])("%s needs a sign-in of the last ten minutes", async (permission) => {
    const stale: Actor = { ...fabric.admin, authenticatedAt: new Date(Date.now() - freshForMs - 1000) };
    await expect(authorize(stale, fabric.fabricId, permission)).rejects.toThrow(NotFresh);
    await expect(authorize(fabric.admin, fabric.fabricId, permission)).resolves.toBeDefined();
  });

  test("is refused to nobody because of what somebody else asked for at the same time", async () => {
    const [bad, good] = await Promise.allSettled([
      authorize(fabric.user, "\0", "secret:list"),
      authorize(fabric.user, fabric.fabricId, "secret:list"),
    ]);
    expect(bad).toMatchObject({ status: "rejected", reason: expect.any(NotFound) });
    expect(good).toMatchObject({ status: "fulfilled", value: { fabricId: fabric.fabricId } });
  });

  test("ends with the membership", async () => {
    const where = { teamId_userId: { teamId: fabric.teamId, userId: fabric.user.id } };
    await owner.membership.delete({ where });
    await expect(authorize(fabric.user, fabric.fabricId, "secret:list")).rejects.toThrow(NotFound);
    await owner.membership.create({ data: { teamId: fabric.teamId, userId: fabric.user.id, role: "user" } });
  });

  test("makes no scope of a role that it does not know", () => {
    const nobody = "owner" as Role;
    expect(() => grant(fabric.admin, nobody, { id: "f", teamId: "t" }, "secret:list")).toThrow();
  });
});
