import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTeam } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { admitIdentity } from "@/lib/identities/mutations";
import { findIdentity } from "@/lib/identities/queries";
import { invite } from "@/lib/invitations/mutations";
import { findOffer } from "@/lib/invitations/queries";
import { personOf } from "@/lib/next/auth/open-id";
import { startSession } from "@/lib/sessions/mutations";
import { findSessionActor } from "@/lib/sessions/queries";
import { createTeam } from "@/lib/teams/provision";
import { teamName } from "@/lib/teams/schema";
import { hashPassword, passwordMatches } from "@/lib/users/password";
import { commandLine, createUser, lockUser, resetPassword } from "@/lib/users/provision";
import { hasPassword } from "@/lib/users/queries";
import { personName } from "@/lib/users/schema";
import { createTestDatabase } from "@/testing/database";

const issuer = "https://id.test.example";
const refused = { ok: false, code: "uninvited" };
let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

function openId(verifiedEmail: string | null, more: { subject?: string; issuer?: string } = {}) {
  return {
    issuer,
    subject: randomUUID(),
    verifiedEmail,
    name: "Olga",
    authenticatedAt: new Date(),
    ...more,
  };
}

async function account() {
  const email = `${randomUUID()}@test.example`;
  const created = await createUser(commandLine, { email, name: "Pia", password: "correct horse battery" });
  if (!created.ok) throw new Error("not made");
  return { id: created.value.id, email };
}

async function invited(email: string) {
  const created = await createTeam(commandLine, { name: `Team ${randomUUID()}` });
  if (!created.ok) throw new Error("not made");
  const teamId = created.value.id;
  const { id, email: hers } = await account();
  await owner.membership.create({ data: { teamId, userId: id, role: "admin" } });
  const ada: Actor = {
    kind: "user",
    id,
    name: "Ada",
    email: hers,
    accessEpoch: 0,
    authenticatedAt: new Date(),
  };
  const link = await invite(grantTeam(ada, "admin", teamId, "team:write"), { email, role: "user" });
  if (!link.ok) throw new Error("not invited");
  return { teamId, token: link.value.token };
}

test("web rejects an unknown OpenID identity", async () => {
  const stranger = openId("stranger@test.example");
  expect(await admitIdentity(stranger)).toEqual(refused);
  expect(await owner.user.count({ where: { emailKey: "stranger@test.example" } })).toBe(0);
});

test("an identity with the e-mail of an account is not linked to it without an invitation", async () => {
  const { id, email } = await account();
  expect(await admitIdentity(openId(email))).toEqual(refused);
  expect(await owner.identity.count({ where: { userId: id } })).toBe(0);
});

test("an invited identity becomes a person and a member, and uses up the invitation", async () => {
  const email = `${randomUUID()}@test.example`;
  const { teamId, token } = await invited(email);
  const person = openId(email.toUpperCase());
  expect((await admitIdentity(person)).ok).toBe(true);
  const found = await findIdentity(person.issuer, person.subject);
  const member = await owner.membership.findFirst({ where: { teamId, userId: found?.userId ?? "" } });
  expect(member).toMatchObject({ role: "user" });
  expect(await findOffer(token)).toBeNull();
  const events = await owner.auditEvent.findMany({
    where: { actorId: found?.userId ?? "" },
    orderBy: { id: "asc" },
  });
  expect(events.map(({ action }) => action)).toEqual(["user.create", "user.link", "team.join"]);
});

test("an invitation links the identity to the account with the address", async () => {
  const { id, email } = await account();
  await invited(email);
  const person = openId(email);
  expect((await admitIdentity(person)).ok).toBe(true);
  expect(await findIdentity(person.issuer, person.subject)).toMatchObject({ userId: id });
});

test("a person who opened the account earlier by a link alone loses access when the address proves its owner", async () => {
  const { id, email } = await account();
  const session = await startSession({ userId: id, accessEpoch: 0 }, "password");
  await invited(email);
  expect((await admitIdentity(openId(email))).ok).toBe(true);
  expect(await hasPassword(id)).toBe(false);
  expect(await findSessionActor(session)).toBeNull();
});

test("an address that the provider has not verified does not count as invited", async () => {
  const email = `${randomUUID()}@test.example`;
  const { token } = await invited(email);
  expect(await admitIdentity(openId(null))).toEqual(refused);
  expect(await findOffer(token)).not.toBeNull();
});

test("a known identity signs in again without an invitation, whatever its current e-mail", async () => {
  const { email } = await account();
  await invited(email);
  const person = openId(email);
  await admitIdentity(person);
  expect((await admitIdentity({ ...person, verifiedEmail: "moved@test.example" })).ok).toBe(true);
  expect((await admitIdentity({ ...person, verifiedEmail: null })).ok).toBe(true);
});

test("issuer and subject define an identity: the same subject elsewhere is another person", async () => {
  const { email } = await account();
  await invited(email);
  const person = openId(email);
  await admitIdentity(person);
  const elsewhere = { ...person, issuer: "https://other.test.example" };
  expect(await admitIdentity(elsewhere)).toEqual(refused);
  expect(await findIdentity(elsewhere.issuer, elsewhere.subject)).toBeNull();
});

test("a locked person cannot sign in by OpenID, known or invited", async () => {
  const { email } = await account();
  await invited(email);
  const person = openId(email);
  await admitIdentity(person);
  await lockUser(commandLine, { email });
  expect(await admitIdentity(person)).toEqual(refused);
  expect(await findIdentity(person.issuer, person.subject)).toBeNull();
  await invited(email);
  expect(await admitIdentity(openId(email))).toEqual(refused);
});

test("concurrent callbacks of one new identity create one person", async () => {
  const email = `${randomUUID()}@test.example`;
  await invited(email);
  const person = openId(email);
  await Promise.allSettled([admitIdentity(person), admitIdentity(person), admitIdentity(person)]);
  expect(await owner.user.count({ where: { emailKey: email } })).toBe(1);
  expect(await owner.identity.count({ where: { subject: person.subject } })).toBe(1);
});

test("an e-mail address belongs to one person, whatever its case", async () => {
  const { email } = await account();
  const duplicate = { email: email.toUpperCase(), name: "Other", password: "correct horse battery" };
  expect(await createUser(commandLine, duplicate)).toEqual({ ok: false, code: "email_taken" });
});

test("a name contains no terminal control characters, whatever its source", () => {
  const name = "Mallory\x1b[2K\r\nAda";
  expect([personName.safeParse(name).success, teamName.safeParse(name).success]).toEqual([false, false]);
  const profile = { iss: "https://id.test.example", sub: "s", email: "m@test.example", name };
  expect(personOf(profile).name).toBe("Mallory [2K  Ada");
});

test("resetting the password of an unknown person reports that", async () => {
  const credentials = { email: "nobody@test.example", password: "correct horse battery" };
  expect(await resetPassword(commandLine, credentials)).toEqual({ ok: false, code: "no_user" });
});

test("web stores passwords as argon2id with 19 MiB and two passes, each with its own salt", async () => {
  const [one, two] = [await hashPassword("same password"), await hashPassword("same password")];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
  expect(await passwordMatches(one, "same password")).toBe(true);
  expect(await passwordMatches(one, "Same password")).toBe(false);
  expect(await passwordMatches(null, "")).toBe(false);
});
