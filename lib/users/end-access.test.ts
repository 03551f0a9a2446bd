import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantTeam } from "@/lib/access/scope";
import { createAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor, listAccessTokens } from "@/lib/access-tokens/queries";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { invite, joinAsNewPerson } from "@/lib/invitations/mutations";
import { findOffer } from "@/lib/invitations/queries";
import { processState } from "@/lib/process-state";
import { NotFound } from "@/lib/result";
import { endSession, provePassword, startSession } from "@/lib/sessions/mutations";
import { findSessionActor } from "@/lib/sessions/queries";
import { addMember, createTeam } from "@/lib/teams/provision";
import {
  commandLine,
  createUser,
  lockUser,
  removeUser,
  resetPassword,
  unlockUser,
} from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";
import { aSource } from "@/testing/sign-in-source";

const password = "correct horse battery";
let owner: Db;

beforeAll(async () => {
  Object.assign(process.env, (await createTestKeys()).web);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
  // An operator's command runs as the owner of the schema.
  processState<{ db: Db }>().db = owner;
});
afterAll(async () => {
  await closeDb();
});

/** An Admin of a team of two, signed in, with an access token and an open invitation to a stranger. */
async function armed() {
  const email = `${randomUUID()}@test.example`;
  const created = await createUser(commandLine, { email, name: "Priya", password });
  const team = await createTeam(commandLine, { name: `Team ${randomUUID()}` });
  if (!created.ok || !team.ok) throw new Error("not made");
  const { name: teamName } = await owner.team.findUniqueOrThrow({ where: { id: team.value.id } });
  const other = { email: `${randomUUID()}@test.example`, name: "Astrid", password };
  await createUser(commandLine, other);
  for (const one of [email, other.email])
    await addMember(commandLine, { team: teamName, email: one, role: "admin" });
  const session = await startSession({ userId: created.value.id, accessEpoch: 0 }, "password");
  const actor = await findSessionActor(session);
  if (!actor) throw new Error("no session");
  const token = await tokenOf(actor);
  const scope = grantTeam(actor, "admin", team.value.id, "team:write");
  const invited = await invite(scope, { email: `${randomUUID()}@test.example`, role: "admin" });
  if (!invited.ok) throw new Error("not invited");
  return {
    id: created.value.id,
    email,
    session,
    token,
    actor,
    teamId: team.value.id,
    teamName,
    link: invited.value.token,
  };
}

async function tokenOf(actor: Actor) {
  const created = await createAccessToken(actor, { name: "script", lifetime: "30" });
  if (!created.ok) throw new Error("no token");
  return created.value.token;
}

/** The sessions, tokens and invitations of a person that still grant access. */
async function alive({ session, token, link }: { session: string; token: string; link: string }) {
  const found = [await findSessionActor(session), await findAccessTokenActor(token), await findOffer(link)];
  return ["session", "access token", "invitation"].filter((_, index) => found[index] !== null);
}

const ends: Record<string, (email: string) => Promise<unknown>> = {
  "a reset of the password": (email) =>
    resetPassword(commandLine, { email, password: "another long password" }),
  "a lock": (email) => lockUser(commandLine, { email }),
  "a lock and an unlock": async (email) => {
    await lockUser(commandLine, { email });
    await unlockUser(commandLine, { email });
  },
  "the removal of the account": (email) => removeUser(commandLine, { email }),
};

describe.each(Object.entries(ends))("%s", (_name, end) => {
  test("leaves no invitation from a concurrent request", async () => {
    const { actor, teamId, email } = await armed();
    const scope = grantTeam(actor, "admin", teamId, "team:write");
    await end(email);
    await expect(invite(scope, { email: "accomplice@test.example", role: "admin" })).rejects.toThrow(
      NotFound,
    );
  });

  test("ends sessions, access tokens and pending invitations for good", async () => {
    const person = await armed();
    expect(await alive(person)).toEqual(["session", "access token", "invitation"]);
    await end(person.email);
    expect(await alive(person)).toEqual([]);
  });

  test("ends a session and a token that concurrent requests create", async () => {
    const { id, email, actor } = await armed();
    const proof = await provePassword({ email, password }, aSource());
    if (!proof.ok) throw new Error("not proven");
    await end(email);
    const session = await startSession(proof, "password").catch(() => null);
    const token = await tokenOf(actor).catch(() => null);
    // Unlocks the row directly, so that the session and the token alone decide.
    await owner.user.updateMany({ where: { id }, data: { lockedAt: null } });
    expect(session && (await findSessionActor(session))).toBeNull();
    expect(token && (await findAccessTokenActor(token))).toBeNull();
    expect((await listAccessTokens({ ...actor, id })).map(({ status }) => status)).not.toContain("active");
  });
});

test("a sign-out ends the session and no access token", async () => {
  const person = await armed();
  await endSession(person.session);
  expect(await alive(person)).toEqual(["access token", "invitation"]);
});

test("after a reset the person signs in again and creates tokens that work", async () => {
  const { email } = await armed();
  const next = "another long password";
  await resetPassword(commandLine, { email, password: next });
  const proof = await provePassword({ email, password: next }, aSource());
  if (!proof.ok) throw new Error("not proven");
  const actor = await findSessionActor(await startSession(proof, "password"));
  if (!actor) throw new Error("no session");
  expect(await findAccessTokenActor(await tokenOf(actor))).toMatchObject({ email });
});

test("the audit log records how many sessions, tokens and invitations ended", async () => {
  const { id, email } = await armed();
  await lockUser(commandLine, { email });
  const event = await owner.auditEvent.findFirstOrThrow({ where: { objectId: id, action: "user.lock" } });
  expect(event.details).toEqual({ sessions: 1, accessTokens: 1, invitations: 1 });
});

describe("the removal of an account", () => {
  test("removes memberships and invitations to the address, and keeps the audit log", async () => {
    const { id, email, teamId, actor } = await armed();
    const before = await owner.auditEvent.count({ where: { actorId: id } });
    expect(await removeUser(commandLine, { email })).toMatchObject({ ok: true });
    expect(await owner.user.count({ where: { id } })).toBe(0);
    expect(await owner.membership.count({ where: { userId: id } })).toBe(0);
    expect(await owner.auditEvent.count({ where: { actorId: id } })).toBe(before);
    const events = await owner.auditEvent.findMany({ where: { objectId: id }, orderBy: { id: "asc" } });
    expect(events.slice(-2).map(({ action, teamId }) => [action, teamId])).toEqual([
      ["team.remove", teamId],
      ["user.remove", null],
    ]);
    expect(actor.email).toBe(email);
  });

  test("is recorded in a team where the membership waits for its owner", async () => {
    const { id, email, teamId, teamName } = await armed();
    await owner.membership.delete({ where: { teamId_userId: { teamId, userId: id } } });
    await owner.heldMembership.create({ data: { teamId, userId: id, role: "admin", createdAt: new Date() } });
    expect(await removeUser(commandLine, { email })).toMatchObject({ ok: true });
    expect(await owner.heldMembership.count({ where: { userId: id } })).toBe(0);
    const events = await owner.auditEvent.findMany({ where: { objectId: id, action: "team.remove" } });
    expect(events).toMatchObject([{ teamId, details: { team: teamName, role: "admin" } }]);
  });

  test("leaves no link that brings the address back", async () => {
    const { email, teamId } = await armed();
    const other = await armed();
    const scope = grantTeam(other.actor, "admin", other.teamId, "team:write");
    const invited = await invite(scope, { email, role: "user" });
    if (!invited.ok) throw new Error("not invited");
    await removeUser(commandLine, { email });
    const input = { token: invited.value.token, name: "Priya", password };
    expect(await joinAsNewPerson(input)).toEqual({ ok: false, code: "no_invitation" });
    expect(await owner.membership.count({ where: { teamId } })).toBe(1);
  });

  test("is rejected for the last Admin of a team that has other members", async () => {
    const { email, teamId, teamName } = await armed();
    await owner.membership.updateMany({
      where: { teamId, user: { name: "Astrid" } },
      data: { role: "user" },
    });
    expect(await removeUser(commandLine, { email })).toEqual({
      ok: false,
      code: "last_admin",
      fieldErrors: { teams: teamName },
    });
    expect(await owner.user.count({ where: { emailKey: email } })).toBe(1);
  });
});
