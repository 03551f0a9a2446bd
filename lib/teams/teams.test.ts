import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authorizeTeam } from "@/lib/access/authorize";
import { grantTeam } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { invite } from "@/lib/invitations/mutations";
import { NotFound, NotFresh } from "@/lib/result";
import { changeRole, leaveTeam, removeMember } from "@/lib/teams/mutations";
import { addMember, createTeam } from "@/lib/teams/provision";
import { getTeam, listMembers, listTeams } from "@/lib/teams/queries";
import type { MemberRole } from "@/lib/teams/schema";
import { commandLine } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";

type Person = Actor & { kind: "user" };
let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function team(...roles: MemberRole[]): Promise<{ id: string; name: string; people: Person[] }> {
  const name = `Team ${randomUUID()}`;
  const created = await createTeam(commandLine, { name });
  if (!created.ok) throw new Error("not made");
  const people: Person[] = [];
  for (const [index, role] of roles.entries()) {
    const id = randomUUID();
    const email = `${id}@test.example`;
    await owner.user.create({ data: { id, email, emailKey: email, name: `Person ${index}` } });
    await addMember(commandLine, { team: name, email, role });
    people.push({
      kind: "user",
      id,
      email,
      name: `Person ${index}`,
      accessEpoch: 0,
      authenticatedAt: new Date(),
    });
  }
  return { id: created.value.id, name, people };
}

function someone(people: Person[], index: number): Person {
  const person = people[index];
  if (!person) throw new Error("nobody");
  return person;
}

const manager = (teamId: string, actor: Person) => grantTeam(actor, "admin", teamId, "team:write");
const viewer = (teamId: string, actor: Person, role: MemberRole) =>
  grantTeam(actor, role, teamId, "team:see");

async function roles(teamId: string): Promise<Record<string, MemberRole>> {
  const rows = await owner.membership.findMany({ where: { teamId } });
  return Object.fromEntries(rows.map(({ userId, role }) => [userId, role]));
}

test("a person sees only their own teams, with their role", async () => {
  const { people, id } = await team("admin", "user");
  await team("admin");
  expect(await listTeams(someone(people, 1))).toMatchObject([{ id, role: "user", members: 2, fabrics: 0 }]);
});

test("a member sees the members of the team, Admins first", async () => {
  const { people, id } = await team("user", "admin");
  const { members } = await listMembers(viewer(id, someone(people, 0), "user"), {});
  expect(members.map(({ name, role }) => [name, role])).toEqual([
    ["Person 1", "admin"],
    ["Person 0", "user"],
  ]);
});

test("members are listed page by page, Admins first, forwards and backwards", async () => {
  const { people, id } = await team("user", "admin", "user", "admin", "user");
  const scope = viewer(id, someone(people, 0), "user");
  const read = async (query: object) => {
    const page = await listMembers(scope, query, { limit: 2 });
    return { ...page, names: page.members.map(({ name }) => name.slice(-1)) };
  };
  const first = await read({});
  const second = await read({ after: first.next });
  const third = await read({ after: second.next });
  expect([first.names, second.names, third.names]).toEqual([["1", "3"], ["0", "2"], ["4"]]);
  expect([first.previous, third.next]).toEqual([null, null]);
  const back = await read({ before: third.previous });
  expect([back.names, back.next]).toEqual([second.names, second.next]);
  expect((await read({ before: back.previous })).names).toEqual(first.names);
  expect((await read({ after: "no cursor" })).names).toEqual(first.names);
});

test("a team has the number of its Admins, and the names of the first five", async () => {
  const { people, id } = await team("user", ...Array<MemberRole>(6).fill("admin"));
  const { admins } = await getTeam(viewer(id, someone(people, 0), "user"));
  expect(admins.count).toBe(6);
  expect(admins.names).toHaveLength(5);
});

test("another team gets the same answer as one that does not exist", async () => {
  const { people } = await team("admin");
  const other = await team("admin");
  for (const teamId of [other.id, randomUUID()])
    await expect(authorizeTeam(someone(people, 0), teamId, "team:see")).rejects.toThrow(NotFound);
});

test("managing members requires a sign-in within the last ten minutes", async () => {
  const { people, id } = await team("admin");
  const stale = { ...someone(people, 0), authenticatedAt: new Date(Date.now() - 11 * 60_000) };
  await expect(authorizeTeam(stale, id, "team:write")).rejects.toThrow(NotFresh);
});

test("an Admin changes a role, and web records it", async () => {
  const { people, id } = await team("admin", "user");
  const [admin, user] = [someone(people, 0), someone(people, 1)];
  expect((await changeRole(manager(id, admin), { userId: user.id, role: "admin" })).ok).toBe(true);
  expect((await roles(id))[user.id]).toBe("admin");
  expect(await owner.auditEvent.findFirst({ where: { teamId: id, action: "team.role" } })).toMatchObject({
    actorId: admin.id,
    objectId: user.id,
    details: { role: "admin" },
  });
});

test("an Admin removes a member, and web records it", async () => {
  const { people, id } = await team("admin", "user");
  const [admin, user] = [someone(people, 0), someone(people, 1)];
  expect((await removeMember(manager(id, admin), { userId: user.id })).ok).toBe(true);
  expect(await roles(id)).toEqual({ [admin.id]: "admin" });
  await expect(authorizeTeam(user, id, "team:see")).rejects.toThrow(NotFound);
  expect(await owner.auditEvent.count({ where: { teamId: id, action: "team.remove" } })).toBe(1);
});

test("the pending invitations of an Admin end with the role, however it ends", async () => {
  const { people, id } = await team("admin", "admin", "admin", "admin");
  const [first, demoted, removed, left] = people.map((_, index) => someone(people, index));
  if (!first || !demoted || !removed || !left) throw new Error("nobody");
  for (const admin of people)
    await invite(manager(id, admin), { email: `${randomUUID()}@test.example`, role: "admin" });
  await changeRole(manager(id, first), { userId: demoted.id, role: "user" });
  await removeMember(manager(id, first), { userId: removed.id });
  await leaveTeam(viewer(id, left, "admin"));
  const open = await owner.invitation.findMany({ where: { teamId: id }, select: { createdById: true } });
  expect(open).toEqual([{ createdById: first.id }]);
  expect(await owner.auditEvent.count({ where: { teamId: id, action: "team.uninvite" } })).toBe(3);
});

test("the last Admin can neither leave, nor be removed, nor become a User", async () => {
  const { people, id } = await team("admin", "user");
  const admin = someone(people, 0);
  const refused = { ok: false, code: "last_admin" };
  expect(await leaveTeam(viewer(id, admin, "admin"))).toEqual(refused);
  expect(await removeMember(manager(id, admin), { userId: admin.id })).toEqual(refused);
  expect(await changeRole(manager(id, admin), { userId: admin.id, role: "user" })).toEqual(refused);
  expect((await roles(id))[admin.id]).toBe("admin");
});

test("when all Admins leave, step down or remove one another concurrently, one remains", async () => {
  for (let round = 0; round < 10; round++) {
    const { people, id } = await team("admin", "admin", "admin");
    const [a, b, c] = [someone(people, 0), someone(people, 1), someone(people, 2)];
    await Promise.allSettled([
      leaveTeam(viewer(id, a, "admin")),
      changeRole(manager(id, b), { userId: b.id, role: "user" }),
      removeMember(manager(id, a), { userId: c.id }),
      removeMember(manager(id, c), { userId: a.id }),
      leaveTeam(viewer(id, c, "admin")),
    ]);
    expect(Object.values(await roles(id)).filter((role) => role === "admin")).toHaveLength(1);
  }
});

test("any other member may leave", async () => {
  const { people, id } = await team("admin", "user");
  const user = someone(people, 1);
  expect((await leaveTeam(viewer(id, user, "user"))).ok).toBe(true);
  expect((await roles(id))[user.id]).toBeUndefined();
  expect(
    await owner.auditEvent.count({ where: { teamId: id, action: "team.leave", actorId: user.id } }),
  ).toBe(1);
});

test("an Admin cannot remove or promote a member of another team", async () => {
  const [ownTeam, otherTeam] = [await team("admin"), await team("admin", "user")];
  const stranger = someone(otherTeam.people, 1);
  const scope = manager(ownTeam.id, someone(ownTeam.people, 0));
  await expect(removeMember(scope, { userId: stranger.id })).rejects.toThrow(NotFound);
  await expect(changeRole(scope, { userId: stranger.id, role: "admin" })).rejects.toThrow(NotFound);
  expect((await roles(otherTeam.id))[stranger.id]).toBe("user");
});

test("a team's name is unique whatever its case", async () => {
  const { name } = await team();
  expect(await createTeam(commandLine, { name: name.toUpperCase() })).toEqual({
    ok: false,
    code: "name_taken",
  });
});
