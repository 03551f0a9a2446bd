import { afterAll, beforeAll, expect, test } from "vitest";
import { authorizeTeam } from "@/lib/access/authorize";
import { createAccessToken, revokeAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import { listAccountEvents, listTeamEvents } from "@/lib/activity/account-queries";
import { record } from "@/lib/audit/record";
import { flushRefusals } from "@/lib/audit/refusals";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { Forbidden } from "@/lib/result";
import { provePassword, startSession } from "@/lib/sessions/mutations";
import { changeRole } from "@/lib/teams/mutations";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { aSource } from "@/testing/sign-in-source";

let owner: Db;

beforeAll(async () => {
  const keys = await createTestKeys();
  Object.assign(process.env, keys.web, keys.automate);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

test("a person sees the events of their account; an Admin sees those of their team and of no other", async () => {
  const [ours, theirs] = [await createTestFabric(owner, "ours"), await createTestFabric(owner, "theirs")];
  const { user } = ours;
  // Uri is a member of both teams.
  await owner.membership.create({ data: { teamId: theirs.teamId, userId: user.id, role: "user" } });
  await startSession({ userId: user.id, accessEpoch: 0 }, "openid");
  await provePassword({ email: user.email, password: "wrong" }, aSource());
  const created = await createAccessToken(user, { name: "nightly", lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  const { id } = await owner.accessToken.findFirstOrThrow({ where: { userId: user.id } });
  await revokeAccessToken(user, { accessTokenId: id });
  await findAccessTokenActor(created.value.token);
  await expect(authorizeTeam(user, theirs.teamId, "team:write")).rejects.toThrow(Forbidden);
  await flushRefusals(false);
  const manager = await authorizeTeam(theirs.admin, theirs.teamId, "team:write");
  await changeRole(manager, { userId: user.id, role: "admin" });

  const actions = (events: { action: string }[]) => events.map(({ action }) => action).sort();
  expect(actions(await listAccountEvents(user))).toEqual([
    "access_token.create",
    "access_token.refuse",
    "access_token.revoke",
    "session.refuse",
    "session.start",
    "team.role",
  ]);
  // A destroyed fabric has no page any more.
  const action = "fabric.destroy" as const;
  for (const { teamId, fabricId } of [ours, theirs])
    await record(owner, {
      actor: { kind: "system", id: "automate", name: "Automate" },
      teamId,
      fabricId,
      action,
      object: { kind: "fabric", id: fabricId, name: fabricId },
    });
  const teamEvents = async ({ admin, teamId }: typeof ours) =>
    actions(await listTeamEvents(await authorizeTeam(admin, teamId, "access:list")));
  expect(await teamEvents(ours)).toEqual(["access_token.refuse", "fabric.destroy", "session.refuse"]);
  expect(await teamEvents(theirs)).toEqual([
    "access_token.refuse",
    "act.refuse",
    "fabric.destroy",
    "session.refuse",
    "team.role",
  ]);
});
