import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTeam } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { invite, joinAsNewPerson, joinTeam, withdrawInvitation } from "@/lib/invitations/mutations";
import { findJoinedTeam, findOffer, listPendingInvitations } from "@/lib/invitations/queries";
import { NotFound } from "@/lib/result";
import { addMember, createTeam } from "@/lib/teams/provision";
import type { MemberRole } from "@/lib/teams/schema";
import { commandLine, createUser } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";

type Person = Actor & { kind: "user" };
const password = "correct horse battery";
let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function person(name = "Pia"): Promise<Person> {
  const email = `${randomUUID()}@test.example`;
  const created = await createUser(commandLine, { email, name, password });
  if (!created.ok) throw new Error("not made");
  return { kind: "user", id: created.value.id, name, email, accessEpoch: 0, authenticatedAt: new Date() };
}

async function team() {
  const name = `Team ${randomUUID()}`;
  const created = await createTeam(commandLine, { name });
  if (!created.ok) throw new Error("not made");
  const admin = await person("Ada Admin");
  await addMember(commandLine, { team: name, email: admin.email, role: "admin" });
  const { id } = created.value;
  return {
    id,
    name,
    admin,
    manager: grantTeam(admin, "admin", id, "team:write"),
    seenBy: (role: MemberRole) => grantTeam(admin, role, id, "team:see"),
    role: async (userId: string) =>
      (await owner.membership.findFirst({ where: { teamId: id, userId } }))?.role,
  };
}

async function invited(t: Awaited<ReturnType<typeof team>>, email: string, role: MemberRole = "user") {
  const created = await invite(t.manager, { email, role });
  if (!created.ok) throw new Error("not invited");
  return created.value.token;
}

const newEmail = () => `New-${randomUUID()}@test.example`;
const newcomer = (token: string) => ({ token, name: "Nia", password });

test("a link shows the team, the address and the inviter", async () => {
  const t = await team();
  const email = newEmail();
  expect(await findOffer(await invited(t, email, "admin"))).toMatchObject({
    teamName: t.name,
    email,
    role: "admin",
    invitedBy: "Ada Admin",
  });
});

test("neither the database nor the audit log contains the token", async () => {
  const t = await team();
  const token = await invited(t, newEmail());
  const rows = JSON.stringify([await owner.invitation.findMany(), await owner.auditEvent.findMany()]);
  expect(rows).not.toContain(token);
});

test("a new person creates an account with the link and joins the team with the promised role", async () => {
  const t = await team();
  const email = newEmail();
  const joined = await joinAsNewPerson(newcomer(await invited(t, email, "admin")));
  expect(joined).toMatchObject({ ok: true, value: { email, teamId: t.id } });
  const user = await owner.user.findUniqueOrThrow({ where: { emailKey: email.toLowerCase() } });
  expect(await t.role(user.id)).toBe("admin");
  const events = await owner.auditEvent.findMany({ where: { actorId: user.id }, orderBy: { id: "asc" } });
  expect(events.map(({ action }) => action)).toEqual(["user.create", "team.join"]);
});

test("a link works once, even for two people who use it at the same moment", async () => {
  const t = await team();
  const guest = await person();
  const token = await invited(t, guest.email);
  const answers = await Promise.all([1, 2, 3, 4].map(() => joinTeam(guest, { token })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  expect(await findOffer(token)).toBeNull();
  expect(await joinAsNewPerson(newcomer(token))).toEqual({ ok: false, code: "no_invitation" });
});

test("two people who open an account by one link at once create one account", async () => {
  const t = await team();
  const token = await invited(t, newEmail());
  const answers = await Promise.all([1, 2, 3].map(() => joinAsNewPerson(newcomer(token))));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
});

test("a link to the address of an existing account does not take that account over", async () => {
  const t = await team();
  const guest = await person();
  const token = await invited(t, guest.email.toUpperCase());
  expect(await joinAsNewPerson(newcomer(token))).toEqual({ ok: false, code: "email_taken" });
  expect(await findOffer(token)).not.toBeNull();
  expect((await joinTeam(guest, { token })).ok).toBe(true);
});

test("a person with another address cannot use a link", async () => {
  const t = await team();
  const [guest, other] = [await person(), await person()];
  const token = await invited(t, guest.email);
  expect(await joinTeam(other, { token })).toEqual({ ok: false, code: "other_person" });
  expect(await t.role(other.id)).toBeUndefined();
});

test("after seven days a link gets the same answer as an unknown one", async () => {
  const t = await team();
  const guest = await person();
  const token = await invited(t, guest.email);
  await owner.invitation.updateMany({
    where: { teamId: t.id },
    data: { expiresAt: new Date(Date.now() - 1) },
  });
  expect(await findOffer(token)).toBeNull();
  expect(await joinTeam(guest, { token })).toEqual({ ok: false, code: "no_invitation" });
  expect(await joinTeam(guest, { token: "A".repeat(43) })).toEqual({ ok: false, code: "no_invitation" });
  expect(await findOffer("../../etc")).toBeNull();
});

test("a withdrawn link stops working, and an Admin cannot withdraw another team's link", async () => {
  const [t, other] = [await team(), await team()];
  const token = await invited(t, newEmail());
  const [open] = await listPendingInvitations(t.seenBy("admin"));
  const invitationId = open?.id ?? "";
  await expect(withdrawInvitation(other.manager, { invitationId })).rejects.toThrow(NotFound);
  expect(await findOffer(token)).not.toBeNull();
  await withdrawInvitation(t.manager, { invitationId });
  expect(await findOffer(token)).toBeNull();
  expect(await owner.auditEvent.count({ where: { teamId: t.id, action: "team.uninvite" } })).toBe(1);
});

test("a new invitation to the same address replaces the link", async () => {
  const t = await team();
  const email = newEmail();
  const [first, second] = [await invited(t, email), await invited(t, email)];
  expect(await findOffer(first)).toBeNull();
  expect(await findOffer(second)).not.toBeNull();
});

test("an Admin cannot invite a current member", async () => {
  const t = await team();
  expect(await invite(t.manager, { email: t.admin.email, role: "user" })).toMatchObject({
    ok: false,
    code: "already_member",
  });
});

test("an invitation does not lower the role of a person who has joined meanwhile", async () => {
  const t = await team();
  const guest = await person();
  const token = await invited(t, guest.email, "user");
  await addMember(commandLine, { team: t.name, email: guest.email, role: "admin" });
  expect((await joinTeam(guest, { token })).ok).toBe(true);
  expect(await t.role(guest.id)).toBe("admin");
});

test("only Admins see the invitations", async () => {
  const t = await team();
  await invited(t, newEmail());
  expect(await listPendingInvitations(t.seenBy("admin"))).toHaveLength(1);
  expect(await listPendingInvitations(t.seenBy("user"))).toEqual([]);
});

test("a used link leads only its own person to the team", async () => {
  const t = await team();
  const [guest, other] = [await person(), await person()];
  const token = await invited(t, guest.email);
  await joinTeam(guest, { token });
  expect(await findJoinedTeam(guest, token)).toEqual({ teamId: t.id });
  expect(await findJoinedTeam(other, token)).toBeNull();
});

test("a former Admin leaves no link behind, and a person whose access ended joins no team", async () => {
  const t = await team();
  const guest = await person();
  const link = await invited(t, guest.email);
  await owner.user.update({ where: { id: guest.id }, data: { accessEpoch: 1 } });
  expect(await joinTeam({ ...guest, accessEpoch: 0 }, { token: link })).toMatchObject({
    code: "no_invitation",
  });
  expect(await joinTeam({ ...guest, accessEpoch: 1 }, { token: link })).toMatchObject({ ok: true });
  await owner.membership.updateMany({ where: { userId: t.admin.id }, data: { role: "user" } });
  await expect(invite(t.manager, { email: newEmail(), role: "admin" })).rejects.toThrow(NotFound);
});
