import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { authorizeTeam } from "@/lib/access/authorize";
import { grantTeam } from "@/lib/access/scope";
import { createAccessToken } from "@/lib/access-tokens/mutations";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import { decideReview } from "@/lib/account-review/mutations";
import { findReview, hasReview } from "@/lib/account-review/queries";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { admitIdentity } from "@/lib/identities/mutations";
import { findIdentity } from "@/lib/identities/queries";
import { invite, joinAsNewPerson } from "@/lib/invitations/mutations";
import { findOffer } from "@/lib/invitations/queries";
import { NotFound } from "@/lib/result";
import { provePassword, startSession } from "@/lib/sessions/mutations";
import { findSessionActor } from "@/lib/sessions/queries";
import { removeMember } from "@/lib/teams/mutations";
import { createTeam } from "@/lib/teams/provision";
import { getTeam } from "@/lib/teams/queries";
import { commandLine, createUser, lockUser, resetPassword } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";
import { aSource } from "@/testing/sign-in-source";
import { countWaiting } from "@/testing/waiting-queries";

const password = "correct horse battery";
const nothing = { keepPassword: false, teamIds: [], identityIds: [], sessionIds: [], accessTokenIds: [] };
let owner: Db;

beforeAll(async () => {
  Object.assign(process.env, (await createTestKeys()).web);
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

async function adminOf(teamName: string) {
  const email = `${randomUUID()}@test.example`;
  const person = await createUser(commandLine, { email, name: teamName, password });
  const team = await createTeam(commandLine, { name: `${teamName} ${randomUUID()}` });
  if (!person.ok || !team.ok) throw new Error("not made");
  await owner.membership.create({ data: { teamId: team.value.id, userId: person.value.id, role: "admin" } });
  const actor: Actor = {
    kind: "user",
    id: person.value.id,
    name: teamName,
    email,
    accessEpoch: 0,
    authenticatedAt: new Date(),
  };
  return { teamId: team.value.id, actor, scope: grantTeam(actor, "admin", team.value.id, "team:write") };
}

async function signedIn(proof: { userId: string; accessEpoch: number }, method: "password" | "openid") {
  const session = await startSession(proof, method);
  const actor = await findSessionActor(session);
  if (!actor) throw new Error("no session");
  return { session, actor };
}

async function withPassword(email: string) {
  const proof = await provePassword({ email, password }, aSource());
  if (!proof.ok) throw new Error("not proven");
  return signedIn(proof, "password");
}

/** Priya invites the CEO's address, opens the link herself, and makes a token. Then the CEO, whom Astrid invites, comes by OpenID. */
async function hijacked() {
  const [finance, platform] = [await adminOf("Finance"), await adminOf("Platform")];
  const email = `ceo-${randomUUID()}@test.example`;
  const link = await invite(finance.scope, { email, role: "admin" });
  if (!link.ok) throw new Error("not invited");
  await joinAsNewPerson({ token: link.value.token, name: "The CEO", password });
  const squatter = await withPassword(email);
  const created = await createAccessToken(squatter.actor, { name: "svu", lifetime: "365" });
  if (!created.ok) throw new Error("no token");
  const asSquatter = await authorizeTeam(squatter.actor, finance.teamId, "team:write");
  const back = await invite(asSquatter, { email: `${randomUUID()}@test.example`, role: "admin" });
  if (!back.ok) throw new Error("not invited");
  if (!(await invite(platform.scope, { email, role: "admin" })).ok) throw new Error("not invited");

  const subject = randomUUID();
  const issuer = "https://id.test.example";
  const come = () =>
    admitIdentity({ issuer, subject, verifiedEmail: email, name: "The CEO", authenticatedAt: new Date() });
  expect((await come()).ok).toBe(true);
  const identity = await findIdentity(issuer, subject);
  if (!identity) throw new Error("not linked");
  const ceo = await signedIn(identity, "openid");
  return { email, finance, platform, squatter, token: created.value.token, link: back.value.token, ceo };
}
/** Runs `first` until it waits for a lock on a row that `rows` selects, then `second`, and lets both continue. */
async function between<A, B>(rows: string, id: string, first: () => Promise<A>, second: () => Promise<B>) {
  let started: Promise<A> | undefined;
  const seconded = await owner.$transaction(async (tx) => {
    await tx.$queryRawUnsafe(`SELECT 1 FROM ${rows} FOR UPDATE`, id);
    started = first();
    const untilWaiting = (count: number) =>
      vi.waitFor(async () => expect(await countWaiting(owner, "")).toBe(count), 4_000);
    await untilWaiting(1);
    const other = second();
    await Promise.race([other, untilWaiting(2)]);
    return { other };
  });
  return { first: await started, second: await seconded.other };
}

type Hijacked = Awaited<ReturnType<typeof hijacked>>;

/** Parts of the account, as the inviter left it, that still have an effect. */
async function effects({ email, squatter, token, link, finance, ceo }: Hijacked) {
  const found = {
    password: (await provePassword({ email, password }, aSource())).ok,
    session: (await findSessionActor(squatter.session)) !== null,
    "access token": (await findAccessTokenActor(token)) !== null,
    invitation: (await findOffer(link)) !== null,
    membership: await authorizeTeam(ceo.actor, finance.teamId, "team:see").then(
      () => true,
      (error) => !(error instanceof NotFound),
    ),
  };
  return Object.entries(found).flatMap(([name, works]) => (works ? [name] : []));
}

test("an inviter who opened the account herself keeps no access when its owner arrives", async () => {
  const created = await hijacked();
  expect(await effects(created)).toEqual([]);
  // The owner joins the team of their own invitation at once.
  expect((await authorizeTeam(created.ceo.actor, created.platform.teamId, "team:write")).role).toBe("admin");
  expect(await findReview(created.ceo.actor.id)).toMatchObject({
    hasPassword: true,
    memberships: [{ teamId: created.finance.teamId, role: "admin" }],
    sessions: [{ id: created.squatter.session }],
    accessTokens: [{ name: "svu" }],
  });
});

test("an item that the owner does not confirm is deleted for good and recorded", async () => {
  const created = await hijacked();
  const { id } = created.ceo.actor;
  await decideReview(created.ceo.actor, nothing);
  expect(await effects(created)).toEqual([]);
  expect(await hasReview(id)).toBe(false);
  expect(await owner.heldMembership.count({ where: { userId: id } })).toBe(0);
  expect(await owner.accessToken.count({ where: { userId: id, revokedAt: null } })).toBe(0);
  expect(await owner.session.count({ where: { userId: id, revokedAt: null } })).toBe(1);
  const events = await owner.auditEvent.findMany({
    where: { actorId: id, action: { in: ["team.hold", "user.hold", "team.leave", "user.review"] } },
    orderBy: { id: "asc" },
    select: { action: true, teamId: true, details: true },
  });
  const { teamId } = created.finance;
  const team = expect.stringMatching(/^Finance /);
  expect(events).toEqual([
    { action: "team.hold", teamId, details: { role: "admin", team } },
    {
      action: "user.hold",
      teamId: null,
      details: { password: true, sessions: 1, accessTokens: 1, identities: 0, memberships: 1 },
    },
    { action: "team.leave", teamId, details: { role: "admin" } },
    {
      action: "user.review",
      teamId: null,
      details: {
        ...{
          keptPassword: false,
          keptSessions: 0,
          keptAccessTokens: 0,
          keptIdentities: 0,
          keptMemberships: 0,
        },
        ...{ sessions: 1, accessTokens: 1, identities: 0, memberships: 1 },
      },
    },
  ]);
});

test("the owner keeps the items they confirm, but never an invitation", async () => {
  const created = await hijacked();
  const review = await findReview(created.ceo.actor.id);
  const ids = (rows: { id: string }[] = []) => rows.map(({ id }) => id);
  await decideReview(created.ceo.actor, {
    keepPassword: true,
    teamIds: [created.finance.teamId],
    identityIds: [],
    sessionIds: ids(review?.sessions),
    accessTokenIds: ids(review?.accessTokens),
  });
  expect(await effects(created)).toEqual(["password", "session", "access token", "membership"]);
});

test("the owner cannot keep an item that was never held, and decides a review once", async () => {
  const [created, other] = [await hijacked(), await hijacked()];
  const theirs = await findReview(other.ceo.actor.id);
  await decideReview(created.ceo.actor, {
    keepPassword: false,
    teamIds: [other.finance.teamId],
    identityIds: [],
    sessionIds: theirs?.sessions.map(({ id }) => id) ?? [],
    accessTokenIds: theirs?.accessTokens.map(({ id }) => id) ?? [],
  });
  expect(await effects(created)).toEqual([]);
  expect(await effects(other)).toEqual([]);
  await expect(authorizeTeam(created.ceo.actor, other.finance.teamId, "team:see")).rejects.toThrow(NotFound);
  await expect(decideReview(created.ceo.actor, nothing)).rejects.toThrow(NotFound);
});

test.each([
  ["a reset", (email: string) => resetPassword(commandLine, { email, password: "another long password" })],
  ["a lock", (email: string) => lockUser(commandLine, { email })],
])("after %s during the review, the owner can keep no password, session or token", async (_name, end) => {
  const created = await hijacked();
  const before = await findReview(created.ceo.actor.id);
  await end(created.email);
  expect(await findReview(created.ceo.actor.id)).toMatchObject({
    hasPassword: false,
    sessions: [],
    accessTokens: [],
  });
  await decideReview(created.ceo.actor, {
    ...nothing,
    keepPassword: true,
    sessionIds: before?.sessions.map(({ id }) => id) ?? [],
    accessTokenIds: before?.accessTokens.map(({ id }) => id) ?? [],
  });
  await owner.user.update({ where: { id: created.ceo.actor.id }, data: { lockedAt: null } });
  expect(await effects(created)).toEqual([]);
});

test("an Admin sees a membership that waits for its owner, and can end it", async () => {
  const { finance, ceo } = await hijacked();
  const see = await authorizeTeam(finance.actor, finance.teamId, "team:see");
  expect((await getTeam(see)).held).toMatchObject([{ userId: ceo.actor.id, role: "admin" }]);
  expect((await removeMember(finance.scope, { userId: ceo.actor.id })).ok).toBe(true);
  expect((await getTeam(see)).held).toEqual([]);
  await decideReview(ceo.actor, { ...nothing, teamIds: [finance.teamId] });
  await expect(authorizeTeam(ceo.actor, finance.teamId, "team:see")).rejects.toThrow(NotFound);
  await owner.membership.updateMany({ where: { userId: finance.actor.id }, data: { role: "user" } });
  const asUser = await authorizeTeam(finance.actor, finance.teamId, "team:see");
  expect((await getTeam(asUser)).held).toEqual([]);
});

test.each([true, false])(
  "a previously linked identity signs in again only if the owner keeps it: %s",
  async (keeps) => {
    const { scope } = await adminOf("Finance");
    const email = `${randomUUID()}@test.example`;
    const come = async (person: { issuer: string; subject: string }) => {
      const verified = { verifiedEmail: email, name: "Olga", authenticatedAt: new Date() };
      return (await admitIdentity({ ...person, ...verified })).ok;
    };
    const [former, now] = ["https://former.test.example", "https://id.test.example"].map((issuer) => ({
      issuer,
      subject: randomUUID(),
    }));
    if (!former || !now) throw new Error("no identities");
    await invite(scope, { email, role: "user" });
    expect(await come(former)).toBe(true);
    const first = await findIdentity(former.issuer, former.subject);
    // Another team invites, because nobody can invite a current member.
    await invite((await adminOf("Platform")).scope, { email, role: "user" });
    expect(await come(now)).toBe(true);
    const owner = await findIdentity(now.issuer, now.subject);
    expect(owner?.userId).toBe(first?.userId);
    expect(await come(former)).toBe(false);
    const { actor } = await signedIn(owner ?? { userId: "", accessEpoch: 0 }, "openid");
    const identityIds = (await findReview(actor.id))?.identities.map(({ id }) => id) ?? [];
    expect(identityIds).toHaveLength(1);
    await decideReview(actor, { ...nothing, identityIds: keeps ? identityIds : [] });
    expect(await come(former)).toBe(keeps);
    expect(await come(now)).toBe(true);
  },
);

test("an account that never had any item needs no review", async () => {
  const { scope } = await adminOf("Finance");
  const email = `${randomUUID()}@test.example`;
  await owner.user.create({ data: { id: randomUUID(), email, emailKey: email, name: "Olga" } });
  await invite(scope, { email, role: "user" });
  const person = { issuer: "https://id.test.example", subject: randomUUID(), verifiedEmail: email };
  await admitIdentity({ ...person, name: "Olga", authenticatedAt: new Date() });
  const identity = await findIdentity(person.issuer, person.subject);
  expect(await hasReview(identity?.userId ?? "")).toBe(false);
});

test("an Admin removes a held member even while that member confirms", async () => {
  const { ceo, finance, squatter } = await hijacked();
  const keep = { ...nothing, teamIds: [finance.teamId], sessionIds: [squatter.session] };
  await between(
    "session WHERE id = $1",
    squatter.session,
    () => decideReview(ceo.actor, keep),
    () => removeMember(finance.scope, { userId: ceo.actor.id }),
  );
  const member = { teamId: finance.teamId, userId: ceo.actor.id };
  expect(await owner.membership.count({ where: member })).toBe(0);
  expect(await owner.heldMembership.count({ where: member })).toBe(0);
});

test("the review does not offer items that a concurrent request creates while access ends for good", async () => {
  const { email, ceo, squatter } = await hijacked();
  await resetPassword(commandLine, { email, password: "another long password" });
  await createAccessToken(squatter.actor, { name: "late", lifetime: "365" });
  await startSession({ userId: ceo.actor.id, accessEpoch: squatter.actor.accessEpoch }, "password");
  expect(await findReview(ceo.actor.id)).toMatchObject({ sessions: [], accessTokens: [] });
});
