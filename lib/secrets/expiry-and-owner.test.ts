import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "@/launcher/certificates.mjs";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { expiryText, optionalExpiry } from "@/lib/expiry/schema";
import { NotFound } from "@/lib/result";
import { setSecretExpiry, setSecretOwner } from "@/lib/secrets/expiry-and-owner";
import { createSecret } from "@/lib/secrets/mutations";
import { getSecret, listSecrets } from "@/lib/secrets/queries";
import {
  type CreateSecretInput,
  createSecretInput,
  secretListQuery,
  type UpdateSecretInput,
} from "@/lib/secrets/schema";
import { replaceSecret, updateSecret } from "@/lib/secrets/update";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  const { ownerUrl } = await createTestDatabase("web");
  owner = createDb(ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = (of = fabric) => of.scope("user", "secret:write");
const read = async (id: string) => getSecret(fabric.scope("user", "secret:list"), id);
const dateOf = async (id: string) => {
  const { expiry } = await read(id);
  return expiry && `${expiry.at.toISOString()} ${expiry.source}`;
};
const jwt = (exp: number) =>
  [{ alg: "none" }, { exp }]
    .map((one) => Buffer.from(JSON.stringify(one)).toString("base64url"))
    .join(".")
    .concat(".");
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
let serial = 0;

async function add(input: Partial<CreateSecretInput> = {}): Promise<string> {
  serial += 1;
  const base = { subKind: "text", name: `s${serial}`, description: "", fields: { value: "canary" } };
  const created = await createSecret(write(), { ...base, ...input } as CreateSecretInput);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

async function update(secretId: string, change: Partial<UpdateSecretInput>) {
  return updateSecret(write(), { secretId, subKind: "text", keepDestinations: true, ...change });
}

describe("the expiry of a secret", () => {
  test("comes from the value, and an entered date counts instead until it is removed", async () => {
    const id = await add({ fields: { value: jwt(1_830_384_000) } });
    expect(await dateOf(id)).toBe("2028-01-02T00:00:00.000Z token");
    await setSecretExpiry(write(), { secretId: id, expiresAt: "2027-03-01T23:59:59.999Z" });
    expect(await dateOf(id)).toBe("2027-03-01T23:59:59.999Z entered");
    await setSecretExpiry(write(), { secretId: id, expiresAt: null });
    expect(await dateOf(id)).toBe("2028-01-02T00:00:00.000Z token");
    const events = await owner.auditEvent.findMany({
      where: { objectId: id, action: "secret.expiry" },
      orderBy: { id: "asc" },
      select: { details: true, actorName: true },
    });
    expect(events).toEqual([
      { details: { from: "2028-01-02", to: "2027-03-01" }, actorName: "Uri User" },
      { details: { from: "2027-03-01", to: "2028-01-02" }, actorName: "Uri User" },
    ]);
  });

  test("of a certificate is its own, in a file and in a text", async () => {
    const { cert } = await createAuthority("Dated");
    const file = await add({ subKind: "binary", fields: { value: new TextEncoder().encode(cert) } });
    const text = await add({ fields: { value: cert } });
    const { certificate } = (await read(file)).metadata;
    expect(await dateOf(file)).toBe(`${certificate?.expiresAt} certificate`);
    expect(await dateOf(text)).toBe(`${certificate?.expiresAt} certificate`);
    // Of a text, only the date is public.
    expect((await read(text)).metadata).toEqual({
      expiry: { at: certificate?.expiresAt, source: "certificate", field: "value" },
    });
  });

  test("of a former value never counts for a new one", async () => {
    const id = await add({
      fields: { value: jwt(1_830_384_000) },
      expiresAt: "2027-03-01T00:00:00Z",
    });
    const common = { secretId: id, subKind: "text" as const, destinationIds: [] };
    await replaceSecret(write(), { ...common, expectedVersion: 1, fields: { value: "undated" } });
    expect(await dateOf(id)).toBeNull();
    const expiresAt = "2029-01-01T00:00:00Z";
    await replaceSecret(write(), { ...common, expectedVersion: 2, fields: { value: "dated" }, expiresAt });
    expect(await dateOf(id)).toBe("2029-01-01T00:00:00.000Z entered");
  });

  test("of a field stays while that field stays", async () => {
    const fields = { username: "ada", password: jwt(1_830_384_000) };
    const id = await add({ subKind: "username_password", fields });
    const replace = (expectedVersion: number, change: object) =>
      replaceSecret(write(), {
        ...{ secretId: id, subKind: "username_password", destinationIds: [], expectedVersion },
        fields: change,
      });
    await replace(1, { username: "grace" });
    expect(await dateOf(id)).toBe("2028-01-02T00:00:00.000Z token");
    await replace(2, { password: "undated" });
    expect(await dateOf(id)).toBeNull();
  });

  test("that a script read and sends back stays as it is", async () => {
    const id = await add({ fields: { value: jwt(1_830_384_000) } });
    const { expiry } = await read(id);
    const etag = (await read(id)).updatedAt;
    await update(id, { expiresAt: expiry?.at.toISOString() ?? null, owner: fabric.user.email });
    expect(await dateOf(id)).toBe("2028-01-02T00:00:00.000Z token");
    expect((await read(id)).updatedAt).toEqual(etag);
    // With a new value, the date of the former one is not entered either.
    const replacement = { subKind: "text", fields: { value: "undated" } } as const;
    await update(id, { expiresAt: expiry?.at.toISOString() ?? null, replacement });
    expect(await dateOf(id)).toBeNull();
  });

  test("sorts the list, never last, and limits it to what expires within 30 days or has expired", async () => {
    const mine = await createTestFabric(owner, "sorted");
    const scope = mine.scope("user", "secret:write");
    for (const [name, expiresAt] of [
      ["never", undefined],
      ["later", inDays(31)],
      ["soon", inDays(29)],
      ["over", inDays(-400)],
    ] as const)
      await createSecret(scope, {
        ...{ subKind: "text", name, description: "", fields: { value: "canary" } },
        ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
      });
    const list = async (query: object) => {
      const page = await listSecrets(mine.scope("user", "secret:list"), secretListQuery.parse(query), {
        limit: 2,
      });
      return { ...page, names: page.secrets.map(({ name }) => name) };
    };
    const first = await list({ sort: "expires" });
    expect(first.names).toEqual(["over", "soon"]);
    const second = await list({ sort: "expires", after: first.next ?? "" });
    expect(second.names).toEqual(["later", "never"]);
    expect((await list({ sort: "expires", before: second.previous ?? "" })).names).toEqual(["over", "soon"]);
    expect((await list({ state: "expiring" })).names).toEqual(["over", "soon"]);
  });
});

describe("an entered date", () => {
  test("is a day until its end, or a time, and its text is accepted again", () => {
    const day = expiryText.parse("2027-03-01");
    expect(day).toBe("2027-03-01T23:59:59.999Z");
    expect(expiryText.parse(day)).toBe(day);
    expect(expiryText.parse("2027-03-01T12:00:00+02:00")).toBe("2027-03-01T10:00:00.000Z");
    expect(optionalExpiry.parse("")).toBeNull();
  });

  test.each(["1999-12-31", "9999-12-31", "2027-02-30", "tomorrow", "2027-03-01T12:00:00", "$D2027-03-01"])(
    "is not %s",
    (text) => expect(expiryText.safeParse(text).success).toBe(false),
  );

  test("crosses from the form to web's actions as a text", () => {
    const input = { subKind: "text", name: "s", fields: { value: "v" }, expiresAt: "2027-03-01" };
    const sent = JSON.parse(JSON.stringify(createSecretInput.parse(input)));
    expect(typeof createSecretInput.parse(input).expiresAt).toBe("string");
    expect(createSecretInput.parse(sent)).toEqual(createSecretInput.parse(input));
  });
});

describe("the owner of a secret", () => {
  test("is its creator, or a member whom somebody chooses, or the Admins", async () => {
    const id = await add();
    expect((await read(id)).owner?.id).toBe(fabric.user.id);
    expect(await setSecretOwner(write(), { secretId: id, ownerId: fabric.admin.id })).toMatchObject({
      ok: true,
    });
    expect((await read(id)).owner).toEqual({
      ...{ id: fabric.admin.id, name: "Ada Admin", email: fabric.admin.email },
    });
    await setSecretOwner(write(), { secretId: id, ownerId: null });
    expect((await read(id)).owner).toBeNull();
    const events = await owner.auditEvent.findMany({
      where: { objectId: id, action: "secret.owner" },
      orderBy: { id: "asc" },
      select: { details: true },
    });
    expect(events).toEqual([
      { details: { from: "Uri User", to: "Ada Admin" } },
      { details: { from: "Ada Admin", to: "Admins" } },
    ]);
  });

  test("is nobody outside the team, and nobody who is locked", async () => {
    const id = await add();
    const refusal = { ok: false, code: "not_a_member" };
    expect(await setSecretOwner(write(), { secretId: id, ownerId: other.user.id })).toMatchObject(refusal);
    expect(await update(id, { owner: other.user.email, name: "renamed_by_failure" })).toMatchObject(refusal);
    expect((await read(id)).name).not.toBe("renamed_by_failure");
    const locked = await member("Lock");
    await owner.user.update({ where: { id: locked }, data: { lockedAt: new Date() } });
    expect(await setSecretOwner(write(), { secretId: id, ownerId: locked })).toMatchObject(refusal);
    expect((await read(id)).owner?.id).toBe(fabric.user.id);
  });

  test("passes to the Admins when the owner leaves, and stays with them when the owner comes back", async () => {
    const id = await add();
    const mia = await member("Mia");
    await setSecretOwner(write(), { secretId: id, ownerId: mia });
    expect((await read(id)).owner?.id).toBe(mia);
    await owner.membership.deleteMany({ where: { userId: mia } });
    expect((await read(id)).owner).toBeNull();
    await owner.membership.create({
      data: { teamId: fabric.teamId, userId: mia, role: "user", createdAt: inDays(1) },
    });
    expect((await read(id)).owner).toBeNull();
  });

  test("is hidden, as the expiry is, from another team", async () => {
    const id = await add();
    await expect(setSecretOwner(write(other), { secretId: id, ownerId: null })).rejects.toThrow(NotFound);
    await expect(setSecretExpiry(write(other), { secretId: id, expiresAt: null })).rejects.toThrow(NotFound);
  });
});

async function member(name: string): Promise<string> {
  serial += 1;
  const email = `${name}-${serial}@test.example`.toLowerCase();
  const user = await owner.user.create({
    data: { name, email, emailKey: email, memberships: { create: { teamId: fabric.teamId, role: "user" } } },
  });
  return user.id;
}
