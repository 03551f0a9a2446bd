import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { confirmAddress, endSnooze, requestAddressCode, snooze } from "@/lib/reminders/mutations";
import { listOwnExpiring } from "@/lib/reminders/own-expiring";
import { findSnooze, getReminderSettings } from "@/lib/reminders/queries";
import { snoozeInput } from "@/lib/reminders/schema";
import { NotFound } from "@/lib/result";
import { setSecretExpiry } from "@/lib/secrets/expiry-and-owner";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import { commandLine, createUser } from "@/lib/users/provision";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addExpiringSecret } from "@/testing/reminders";

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
  await closeDb();
});

describe("a snooze", () => {
  const topic = "secret.expires" as const;
  const scope = (of: TestFabric) => of.scope("user", "reminder:snooze");
  const find = (id: string) => findSnooze(fabric.scope("user", "secret:list"), topic, id);

  test("has a reason and an end, is on record, and can be ended by anybody in the fabric", async () => {
    const objectId = await addExpiringSecret(owner, fabric, new Date());
    await snooze(scope(fabric), { topic, objectId, days: 7, reason: "The vendor is on holiday." });
    const found = await find(objectId);
    expect(found).toMatchObject({ reason: "The vendor is on holiday.", byName: "Uri User" });
    expect(Math.round(((found?.until.getTime() ?? 0) - Date.now()) / 86_400_000)).toBe(7);
    await endSnooze(fabric.scope("admin", "reminder:snooze"), { topic, objectId });
    expect(await find(objectId)).toBeNull();
    const events = await owner.auditEvent.findMany({ where: { objectId }, orderBy: { id: "asc" } });
    expect(events.map(({ action, actorName, details }) => [action, actorName, details])).toEqual([
      [
        "reminder.snooze",
        "Uri User",
        { reason: "The vendor is on holiday.", until: found?.until.toISOString() },
      ],
      ["reminder.resume", "Ada Admin", {}],
    ]);
  });

  test("ends with a new value, and with another date; not with a new name", async () => {
    const objectId = await addExpiringSecret(owner, fabric, new Date());
    const writer = fabric.scope("user", "secret:write");
    const again = () => snooze(scope(fabric), { topic, objectId, days: 90, reason: "why" });
    await again();
    await renameSecret(writer, { secretId: objectId, name: "renamed" });
    expect(await find(objectId)).not.toBeNull();
    const input = { subKind: "text" as const, secretId: objectId, fields: { value: "canary" } };
    expect(await replaceSecret(writer, { ...input, destinationIds: [], expectedVersion: 1 })).toMatchObject({
      ok: true,
    });
    expect(await find(objectId)).toBeNull();
    await again();
    await setSecretExpiry(writer, { secretId: objectId, expiresAt: "2030-01-01" });
    expect(await find(objectId)).toBeNull();
  });

  test("needs a reason, and at most 90 days", () => {
    const input = { topic, objectId: "s", days: 7, reason: "why" };
    expect(snoozeInput.safeParse(input).success).toBe(true);
    expect(snoozeInput.safeParse({ ...input, reason: "  " }).success).toBe(false);
    expect(snoozeInput.safeParse({ ...input, days: 91 }).success).toBe(false);
    expect(snoozeInput.safeParse({ ...input, topic: "access_token.expires" }).success).toBe(false);
  });

  test("cannot be made, ended or seen from another fabric", async () => {
    const objectId = await addExpiringSecret(owner, fabric, new Date());
    const input = { topic, objectId, days: 7, reason: "ours" } as const;
    await snooze(scope(fabric), input);
    await expect(snooze(scope(other), input)).rejects.toThrow(NotFound);
    await expect(endSnooze(scope(other), { topic, objectId })).rejects.toThrow(NotFound);
    expect(await findSnooze(other.scope("user", "secret:list"), topic, objectId)).toBeNull();
    expect((await find(objectId))?.reason).toBe("ours");
  });
});

describe("the list of what expires", () => {
  test("has what the person is reminded about, in all their fabrics, and nothing of others", async () => {
    const [first, second, foreign] = [
      await createTestFabric(owner, "first"),
      await createTestFabric(owner, "second"),
      await createTestFabric(owner, "foreign"),
    ];
    await owner.membership.create({ data: { teamId: second.teamId, userId: first.admin.id, role: "user" } });
    const soon = (days: number) => new Date(Date.now() + days * 86_400_000);
    await addExpiringSecret(owner, first, soon(3), { name: "of_nobody", ownerId: "" });
    await addExpiringSecret(owner, first, soon(2), { name: "of_the_user" });
    await addExpiringSecret(owner, first, soon(1), { name: "mine", ownerId: first.admin.id });
    await addExpiringSecret(owner, first, soon(40), { name: "later", ownerId: first.admin.id });
    await addExpiringSecret(owner, second, soon(-2), { name: "mine_elsewhere", ownerId: first.admin.id });
    await addExpiringSecret(owner, second, soon(2), { name: "of_their_admins", ownerId: "" });
    await addExpiringSecret(owner, foreign, soon(2), { name: "foreign", ownerId: first.admin.id });
    const token = { fabricId: first.fabricId, createdById: first.admin.id, createdByName: "Ada" };
    await owner.pipelineToken.create({
      data: { ...token, name: "nightly", tokenHash: "h", expiresAt: soon(2) },
    });
    const names = async () => (await listOwnExpiring(first.admin)).map(({ name }) => name);
    expect(await names()).toEqual(["mine_elsewhere", "mine", "nightly", "of_nobody"]);
    await owner.membership.deleteMany({ where: { teamId: second.teamId, userId: first.admin.id } });
    expect(await names()).toEqual(["mine", "nightly", "of_nobody"]);
  });
});

describe("an address", () => {
  const settings = () => getReminderSettings(fabric.user);
  const codeOf = async (userId: string) =>
    (await owner.addressCode.findUnique({ where: { userId } }))?.code ?? "";

  test("is verified by the code that was sent there", async () => {
    expect((await settings()).verifiedBy).toBeNull();
    expect(await requestAddressCode(fabric.user)).toMatchObject({ ok: true });
    expect(await requestAddressCode(fabric.user)).toEqual({ ok: false, code: "too_soon" });
    expect((await settings()).codeSentAt).toBeInstanceOf(Date);
    expect(await confirmAddress(fabric.user, { code: await codeOf(fabric.user.id) })).toMatchObject({
      ok: true,
    });
    expect(await settings()).toMatchObject({ verifiedBy: "code", codeSentAt: null, channels: [] });
    const event = await owner.auditEvent.findFirstOrThrow({ where: { action: "user.address" } });
    expect(event).toMatchObject({ actorId: fabric.user.id, objectId: fabric.user.id });
    // A code counts once.
    expect(await confirmAddress(fabric.user, { code: "00000000" })).toMatchObject({ code: "no_code" });
    // Another address is not verified by it.
    await owner.verifiedAddress.updateMany({ data: { emailKey: "former@test.example" } });
    expect((await settings()).verifiedBy).toBeNull();
  });

  test("is not verified by guessing: five wrong codes end the code, also at the same time", async () => {
    const { admin } = fabric;
    await requestAddressCode(admin);
    const right = await codeOf(admin.id);
    const wrong = right === "11111111" ? "22222222" : "11111111";
    const tries = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map(() => confirmAddress(admin, { code: wrong })),
    );
    const codes = tries.map((one) => (one.ok ? "ok" : one.code)).sort();
    expect(codes).toEqual([
      "no_code",
      "no_code",
      "no_code",
      ...Array.from({ length: 5 }, () => "wrong_code"),
    ]);
    expect(await confirmAddress(admin, { code: right })).toMatchObject({ code: "no_code" });
  });

  test("is not verified by a code that has expired, or that was for another address", async () => {
    const { user } = other;
    await requestAddressCode(user);
    const code = await codeOf(user.id);
    await owner.addressCode.update({ where: { userId: user.id }, data: { expiresAt: new Date(0) } });
    expect(await confirmAddress(user, { code })).toMatchObject({ code: "no_code" });
    await owner.addressCode.update({
      where: { userId: user.id },
      data: { expiresAt: new Date(Date.now() + 60_000), emailKey: "other@test.example" },
    });
    expect(await confirmAddress(user, { code })).toMatchObject({ code: "no_code" });
  });

  test("of an account that an operator created is verified by the operator", async () => {
    const email = "Op@test.example";
    const created = await createUser(commandLine, { email, name: "Op", password: "a password that is long" });
    if (!created.ok) throw new Error(created.code);
    const found = await owner.verifiedAddress.findUnique({ where: { userId: created.value.id } });
    expect(found).toMatchObject({ emailKey: "op@test.example", method: "operator" });
  });
});
