import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { authorizeTeam } from "@/lib/access/authorize";
import { createAccessToken, revokeMemberAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor, listAccessTokens, listMemberAccessTokens } from "@/lib/access-tokens/queries";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { webEnv } from "@/lib/env";
import { listTokens } from "@/lib/pipeline-tokens/queries";
import { listTeamIssuers, listTeamPipelineTokens } from "@/lib/pipeline-tokens/team-tokens";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function tokenOf(actor: Actor, name: string) {
  const created = await createAccessToken(actor, { name, lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  const row = await owner.accessToken.findFirstOrThrow({ where: { userId: actor.id, name } });
  return { id: row.id, token: created.value.token };
}

const seenBy = async (actor: Actor, teamId: string) =>
  (await listMemberAccessTokens(await authorizeTeam(actor, teamId, "access:list"))).map(
    ({ name, ownerName, ownerRole }) => `${name} of ${ownerName}, ${ownerRole}`,
  );

test("an Admin sees the active access tokens of their team's members, and no others", async () => {
  const working = await tokenOf(fabric.user, "working");
  const revoked = await tokenOf(fabric.user, "revoked");
  const expired = await tokenOf(fabric.user, "expired");
  await tokenOf(other.user, "theirs");
  await owner.accessToken.update({ where: { id: revoked.id }, data: { revokedAt: new Date() } });
  await owner.accessToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(0) } });
  await findAccessTokenActor(working.token);
  expect(await seenBy(fabric.admin, fabric.teamId)).toEqual(["working of Uri User, user"]);
  const [listed] = await listMemberAccessTokens(
    await authorizeTeam(fabric.admin, fabric.teamId, "access:list"),
  );
  expect(listed).toMatchObject({ lastUsedAt: expect.any(Date), expiresAt: expect.any(Date) });
  await expect(authorizeTeam(fabric.user, fabric.teamId, "access:list")).rejects.toThrow(Forbidden);
  await expect(authorizeTeam(other.admin, fabric.teamId, "access:list")).rejects.toThrow(NotFound);
});

test("an Admin of any team of a person revokes their token everywhere, and its owner sees who did", async () => {
  // Uri is a member of both teams.
  await owner.membership.create({ data: { teamId: other.teamId, userId: fabric.user.id, role: "user" } });
  const { id, token } = await tokenOf(fabric.user, "nightly");
  const scope = await authorizeTeam(other.admin, other.teamId, "access:revoke");
  await revokeMemberAccessToken(scope, { accessTokenId: id });
  expect(await findAccessTokenActor(token)).toBeNull();
  expect(await listAccessTokens(fabric.user)).toMatchObject([
    { status: "revoked", revokedByName: "Ada Admin" },
  ]);
  const events = await owner.auditEvent.findMany({ where: { objectId: id, action: "access_token.revoke" } });
  expect(events).toMatchObject([
    { teamId: other.teamId, actorId: other.admin.id, objectName: "nightly", details: { member: "Uri User" } },
  ]);
});

test("an Admin cannot find the token of a non-member, and a stale sign-in revokes nothing", async () => {
  const { id, token } = await tokenOf(other.user, "theirs");
  const scope = await authorizeTeam(fabric.admin, fabric.teamId, "access:revoke");
  await expect(revokeMemberAccessToken(scope, { accessTokenId: id })).rejects.toThrow(NotFound);
  expect(await findAccessTokenActor(token)).not.toBeNull();
  const stale = { ...fabric.admin, authenticatedAt: new Date(Date.now() - 11 * 60_000) };
  await expect(authorizeTeam(stale, fabric.teamId, "access:revoke")).rejects.toThrow(NotFresh);
});

test("the list puts pipeline tokens of former, demoted and locked members first, and marks them", async () => {
  const make = (name: string, where: TestFabric, creator: Actor) =>
    owner.pipelineToken.create({
      data: {
        fabricId: where.fabricId,
        name,
        tokenHash: randomUUID(),
        createdById: creator.id,
        createdByName: creator.name,
      },
    });
  const [demoted, locked] = [fabric.user, await createTestFabric(owner, "third")];
  await owner.membership.create({ data: { teamId: fabric.teamId, userId: locked.admin.id, role: "admin" } });
  await owner.user.update({ where: { id: locked.admin.id }, data: { lockedAt: new Date() } });
  await make("by an Admin", fabric, fabric.admin);
  await make("by who left", fabric, other.admin);
  await make("by who was demoted", fabric, demoted);
  await make("by who is locked", fabric, locked.admin);
  await make("theirs", other, other.admin);
  await owner.pipelineToken.update({
    where: { id: (await make("revoked", fabric, fabric.admin)).id },
    data: { revokedAt: new Date() },
  });
  const tokens = await listTeamPipelineTokens(
    await authorizeTeam(fabric.admin, fabric.teamId, "access:list"),
  );
  expect(tokens.map(({ name, creatorStatus: creator }) => [name, creator])).toEqual([
    ["by who is locked", "locked"],
    ["by who was demoted", "demoted"],
    ["by who left", "left"],
    ["by an Admin", "admin"],
  ]);
});

test("the list does the same for issuers that they trusted, because a workload reads as a pipeline token does", async () => {
  const trust = (name: string, where: TestFabric, creator: Actor) =>
    owner.trustedIssuer.create({
      data: {
        fabricId: where.fabricId,
        name,
        issuer: "https://id.test.example",
        audience: `selvage:${where.fabricId}`,
        subject: "repo:ours/etl",
        createdById: creator.id,
        createdByName: creator.name,
      },
    });
  await trust("by who left", fabric, other.admin);
  await trust("by an Admin", fabric, fabric.admin);
  await trust("theirs", other, other.admin);
  const issuers = await listTeamIssuers(await authorizeTeam(fabric.admin, fabric.teamId, "access:list"));
  expect(issuers.map(({ name, creatorStatus: creator }) => [name, creator])).toEqual([
    ["by who left", "left"],
    ["by an Admin", "admin"],
  ]);
});

test("many revoked pipeline tokens do not hide an active one", async () => {
  const { fabricId, admin } = fabric;
  const by = { fabricId, createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({ data: { ...by, name: "hidden", tokenHash: randomUUID() } });
  await owner.pipelineToken.createMany({
    data: Array.from({ length: 201 }, () => ({
      ...by,
      name: "loud",
      tokenHash: randomUUID(),
      revokedAt: new Date(),
    })),
  });
  const tokens = await listTokens(fabric.scope("admin", "token:list"));
  expect(tokens.filter(({ status }) => status === "active").map(({ name }) => name)).toContain("hidden");
});

test("many tokens of a person do not hide another one of theirs", async () => {
  await tokenOf(fabric.user, "hidden");
  const { teamId, user, admin } = fabric;
  const many = (count: number, more: object) =>
    owner.accessToken.createMany({
      data: Array.from({ length: count }, () => ({
        userId: user.id,
        name: "loud",
        tokenHash: randomUUID(),
        expiresAt: new Date(Date.now() + 60_000),
        ...more,
      })),
    });
  await many(201, { revokedAt: new Date() });
  expect((await listAccessTokens(user)).map(({ name }) => name)).toContain("hidden");
  await many(webEnv().QUOTA_ACCESS_TOKENS_PER_PERSON - 1, {});
  const refused = await createAccessToken(user, { name: "one more", lifetime: "7" });
  expect(refused).toMatchObject({ ok: false, code: "too_many" });
  expect(await seenBy(admin, teamId)).toContain("hidden of Uri User, user");
});
