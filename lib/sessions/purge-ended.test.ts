import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { purgeEndedAccess } from "@/lib/sessions/purge-ended";
import { createTestDatabase } from "@/testing/database";

let owner: Db;

beforeAll(async () => {
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

test("sessions, access tokens and invitations that ended long ago are deleted, and nothing that works", async () => {
  const email = "ada@test.example";
  const { id: userId } = await owner.user.create({
    data: { email, emailKey: email, name: "Ada", accessEpoch: 2 },
  });
  const { id: teamId } = await owner.team.create({ data: { name: "T", nameKey: "t" } });
  for (const days of [1, 36, 38]) await owner.session.create({ data: { userId, createdAt: daysAgo(days) } });
  const token = (name: string, change: object) =>
    owner.accessToken.create({
      data: { userId, name, tokenHash: uuidv7(), createdAt: daysAgo(400), accessEpoch: 2, ...change },
    });
  await token("works", {});
  await token("revoked", { revokedAt: daysAgo(89) });
  await token("revoked long ago", { revokedAt: daysAgo(91) });
  await token("expired long ago", { expiresAt: daysAgo(91) });
  await token("of an earlier epoch", { accessEpoch: 1 });
  await token("of an earlier epoch, used", { accessEpoch: 1, lastUsedAt: daysAgo(10) });
  const invite = (name: string, change: object) =>
    owner.invitation.create({
      data: {
        teamId,
        email: name,
        emailKey: name,
        role: "user",
        tokenHash: uuidv7(),
        createdById: "a",
        createdByName: "A",
        expiresAt: daysAgo(-7),
        ...change,
      },
    });
  await invite("open", {});
  await invite("expired", { expiresAt: daysAgo(89) });
  await invite("used long ago", { usedAt: daysAgo(91) });

  await purgeEndedAccess();
  expect(await owner.session.count()).toBe(2);
  const tokens = await owner.accessToken.findMany({ orderBy: { name: "asc" } });
  expect(tokens.map(({ name }) => name)).toEqual(["of an earlier epoch, used", "revoked", "works"]);
  const invitations = await owner.invitation.findMany({ orderBy: { email: "asc" } });
  expect(invitations.map((one) => one.email)).toEqual(["expired", "open"]);
});
