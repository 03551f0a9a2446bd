import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { open } from "@/lib/crypto/open";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { encodeCursor } from "@/lib/db/cursor";
import { pool } from "@/lib/db/pool";
import { Forbidden, NotFound } from "@/lib/result";
import { createSecret, deleteSecret, dropSecretName } from "@/lib/secrets/mutations";
import { getSecret, hasSecrets, listSecretOptions, listSecrets } from "@/lib/secrets/queries";
import { createSecretInput, secretListQuery } from "@/lib/secrets/schema";
import { describeSecret, renameSecret, replaceSecret } from "@/lib/secrets/update";
import { suggestName } from "@/lib/suggest-name";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

const canary = "canary-7d1e5b0c4f";
let owner: Db;
let ownerUrl: string;
let fabric: TestFabric;
let other: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  ({ ownerUrl } = await createTestDatabase("web"));
  owner = createDb(ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = (role: "user" | "admin" = "user") => fabric.scope(role, "secret:write");
const remover = (role: "user" | "admin" = "user") => fabric.scope(role, "secret:delete:own");
const list = (role: "user" | "admin" = "user") => fabric.scope(role, "secret:list");

async function addText(name: string, value = canary, scope = write()) {
  const created = await createSecret(scope, { subKind: "text", name, description: "", fields: { value } });
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

/** The plaintext that automate would open, with the key that only automate has. */
async function openField(secretId: string, field: string, version: number, subKind: string): Promise<string> {
  const row = await owner.secretField.findUniqueOrThrow({
    where: { secretId_field_version: { secretId, field, version } },
    select: { sealed: true, kid: true },
  });
  const key = await fabric.keys.privateKey(fabric.fabricId, row.kid);
  const context = { fabricId: fabric.fabricId, secretId, subKind, field, version };
  return open(row.sealed, key, context).revealText();
}

describe("a created secret", () => {
  test("opens to exactly the entered bytes, for each field", async () => {
    const created = await createSecret(write(), {
      subKind: "m2m_oauth",
      name: "oauth",
      description: "",
      fields: {
        clientId: "id",
        clientSecret: `${canary}\r\n\0`,
        authUrl: "https://IDP.example.com/token",
        scope: "a b",
      },
    });
    if (!created.ok) throw new Error(created.code);
    const { id } = created.value;
    expect(await openField(id, "clientSecret", 1, "m2m_oauth")).toBe(`${canary}\r\n\0`);
    expect(await openField(id, "scope", 1, "m2m_oauth")).toBe("a b");
    expect((await getSecret(list(), id)).metadata).toEqual({ authHost: "idp.example.com:443" });
  });

  test("is stored with its audit event, and no table contains its value", async () => {
    const id = await addText("stored");
    const events = await owner.auditEvent.findMany({ where: { objectId: id } });
    expect(events.map(({ action }) => action)).toEqual(["secret.create"]);
    expect(await dump()).not.toContain(canary);
  });

  test("cannot take another secret's current or former name, whatever its case", async () => {
    const id = await addText("Taken.Name");
    const duplicate = await createSecret(write(), {
      subKind: "text",
      name: "taken.name",
      description: "",
      fields: { value: "x" },
    });
    expect(duplicate).toMatchObject({
      ok: false,
      code: "name_taken",
      fieldErrors: { name: expect.stringContaining("taken") },
    });
    await renameSecret(write(), { secretId: id, name: "moved" });
    expect(
      (
        await createSecret(write(), {
          subKind: "text",
          name: "Taken.Name",
          description: "",
          fields: { value: "x" },
        })
      ).ok,
    ).toBe(false);
    expect(await owner.secret.count({ where: { nameKey: "taken.name" } })).toBe(0);
  });

  test("has no value in any query result", async () => {
    const id = await addText("asked");
    const answers = [
      await getSecret(list(), id),
      await listSecrets(list(), secretListQuery.parse({})),
      await listSecretOptions(list(), { search: "", subKinds: ["text"] }),
    ];
    expect(JSON.stringify(answers)).not.toContain(canary);
    expect(JSON.stringify(answers)).not.toContain("sealed");
  });

  test("has the metadata of a certificate, and none for any other file", async () => {
    const created = await createSecret(write(), {
      subKind: "binary",
      name: "no-cert",
      description: "",
      fields: { value: new Uint8Array([1, 2, 3]) },
      fileName: "blob.bin",
    });
    if (!created.ok) throw new Error(created.code);
    expect((await getSecret(list(), created.value.id)).metadata).toEqual({
      fileName: "blob.bin",
      sizeBytes: 3,
    });
  });

  test("larger than the limit is rejected at its field", async () => {
    const value = new Uint8Array(1_048_577);
    const created = await createSecret(write(), {
      subKind: "binary",
      name: "big",
      description: "",
      fields: { value },
    });
    expect(created).toMatchObject({ ok: false, code: "too_large" });
  });
});

describe("a replaced value", () => {
  test("changes one field and keeps the other with the version that set it", async () => {
    const created = await createSecret(write(), {
      subKind: "username_password",
      name: "login",
      description: "",
      fields: { username: "svc", password: "one" },
    });
    if (!created.ok) throw new Error(created.code);
    const { id } = created.value;
    const replaced = await replaceSecret(write(), {
      secretId: id,
      subKind: "username_password",
      expectedVersion: 1,
      destinationIds: [],
      fields: { password: "***" },
    });
    expect(replaced).toEqual({ ok: true, value: { version: 2, destinationsKept: true } });
    const { fields, version } = await getSecret(list(), id);
    expect(version).toBe(2);
    expect(Object.fromEntries(fields.map((field) => [field.field, field.version]))).toEqual({
      username: 1,
      password: 2,
    });
    expect(await openField(id, "password", 2, "username_password")).toBe("***");
    expect(await openField(id, "username", 1, "username_password")).toBe("svc");
  });

  test("is a conflict after another replacement, and only one of many concurrent ones wins", async () => {
    const id = await addText("contended");
    const tries = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        replaceSecret(write(), {
          secretId: id,
          subKind: "text",
          expectedVersion: 1,
          destinationIds: [],
          fields: { value: `v${i}` },
        }),
      ),
    );
    expect(tries.filter(({ ok }) => ok)).toHaveLength(1);
    expect(tries.filter((result) => !result.ok && result.code === "conflict")).toHaveLength(7);
  });
});

describe("names and descriptions", () => {
  test("change without the value; an Admin drops a former name, and a secret can take its own back", async () => {
    const id = await addText("first");
    await renameSecret(write(), { secretId: id, name: "second" });
    expect((await getSecret(list(), id)).formerNames.map(({ name }) => name)).toEqual(["first"]);
    await renameSecret(write(), { secretId: id, name: "first" });
    expect((await getSecret(list(), id)).formerNames.map(({ name }) => name)).toEqual(["second"]);
    await dropSecretName(fabric.scope("admin", "secret:name:drop"), { secretId: id, name: "second" });
    expect((await getSecret(list(), id)).formerNames).toEqual([]);
    await describeSecret(write(), { secretId: id, description: "for the CRM" });
    const { description, version } = await getSecret(list(), id);
    expect([description, version]).toEqual(["for the CRM", 1]);
    await expect(
      dropSecretName(fabric.scope("admin", "secret:name:drop"), { secretId: id, name: "first" }),
    ).rejects.toThrow(NotFound);
  });

  test.each([
    ["my api key", "my_api_key"],
    ["  Ünïcode née ", "Unicode_nee"],
    ["__x", "x"],
    ["ключ", ""],
  ])("%j is answered with %j", (name, suggestion) => {
    expect(suggestName(name)).toBe(suggestion);
    const parsed = createSecretInput.safeParse({ subKind: "text", name, fields: { value: "x" } });
    expect(parsed.success).toBe(false);
    if (suggestion) expect(parsed.error?.issues[0]?.message).toContain(suggestion);
  });
});

test("an endless name is answered at once", () => {
  const startedAt = performance.now();
  expect(suggestName(`a${"_".repeat(200_000)}b`)).toHaveLength(1);
  expect(performance.now() - startedAt).toBeLessThan(500);
});

describe("a deleted secret", () => {
  test("frees its name at once and no query finds it", async () => {
    const id = await addText("gone");
    expect(await deleteSecret(remover(), { secretId: id })).toEqual({ ok: true, value: null });
    await expect(getSecret(list(), id)).rejects.toThrow(NotFound);
    await addText("gone");
  });

  test("can be deleted by the User who created it, or by any Admin", async () => {
    const admins = await addText("adas", canary, write("admin"));
    await expect(deleteSecret(remover("user"), { secretId: admins })).rejects.toThrow(Forbidden);
    for (const [name, role] of [
      ["removed_by_its_creator", "user"],
      ["removed_by_an_admin", "admin"],
    ] as const) {
      const users = await addText(name, canary, write("user"));
      expect((await deleteSecret(remover(role), { secretId: users })).ok).toBe(true);
    }
  });

  test("cannot be deleted while a connection uses it, and the answer names the connection", async () => {
    const id = await addText("used");
    await owner.connection.create({
      data: {
        id: `c-${id}`,
        fabricId: fabric.fabricId,
        name: "warehouse",
        nameKey: `warehouse-${id}`,
        kind: "postgres",
        properties: {},
        configHash: "",
        createdById: "x",
        createdByName: "x",
        updatedById: "x",
        updatedByName: "x",
        secrets: { create: { field: "password", secretId: id, fabricId: fabric.fabricId } },
      },
    });
    expect(await deleteSecret(remover("admin"), { secretId: id })).toMatchObject({
      code: "in_use",
      fieldErrors: { users: "warehouse" },
    });
    expect((await getSecret(list(), id)).usedBy).toBe(1);
  });

  test("cannot be deleted while a rotation signs in with it, and the answer names the rotated secret", async () => {
    const [id, rotated] = [await addText("administrator"), await addText("rotated")];
    const { fabricId, admin } = fabric;
    await owner.passwordRotation.create({
      data: {
        ...{ secretId: rotated, fabricId, connectionId: "c", method: "pair", administratorId: id },
        ...{ users: ["a", "b"], length: 20, alphabet: "symbols", setById: admin.id, setByName: admin.name },
      },
    });
    const remove = (secretId: string) => deleteSecret(remover("admin"), { secretId });
    expect(await remove(id)).toMatchObject({
      code: "in_use",
      fieldErrors: { users: expect.stringMatching(/^the rotation of rotated/) },
    });
    const shown = await getSecret(list(), id);
    expect(shown).toMatchObject({ usedBy: 0, usedByRotations: 1, rotations: [{ id: rotated }] });
    // A rotation of a secret in the trash does not run.
    expect((await remove(rotated)).ok).toBe(true);
    expect(await getSecret(list(), id)).toMatchObject({ usedByRotations: 0, rotations: [] });
    expect((await remove(id)).ok).toBe(true);
  });
});

describe("another fabric's secret", () => {
  test("is not found by any query or mutation", async () => {
    const id = await addText("ours-alone");
    const theirs = other.scope("admin", "secret:write");
    await expect(getSecret(other.scope("admin", "secret:list"), id)).rejects.toThrow(NotFound);
    await expect(renameSecret(theirs, { secretId: id, name: "mine" })).rejects.toThrow(NotFound);
    await expect(describeSecret(theirs, { secretId: id, description: "x" })).rejects.toThrow(NotFound);
    await expect(deleteSecret(other.scope("admin", "secret:delete:own"), { secretId: id })).rejects.toThrow(
      NotFound,
    );
    await expect(
      replaceSecret(theirs, {
        secretId: id,
        subKind: "text",
        expectedVersion: 1,
        destinationIds: [],
        fields: { value: "x" },
      }),
    ).rejects.toThrow(NotFound);
    expect(
      (
        await listSecretOptions(other.scope("user", "secret:list"), {
          search: "",
          subKinds: ["text"],
          ids: [id],
        })
      ).options,
    ).toEqual([]);
  });
});

describe("a list", () => {
  const names = Array.from({ length: 120 }, (_, i) => `s${String((i * 37) % 120).padStart(3, "0")}`);
  let paged: TestFabric;
  let searched: TestFabric;

  beforeAll(async () => {
    paged = await createTestFabric(owner, "paged");
    searched = await createTestFabric(owner, "searched");
    for (const [i, name] of names.entries()) {
      const input =
        i % 3 === 0
          ? { subKind: "username_password" as const, fields: { username: "u", password: "p" } }
          : { subKind: "text" as const, fields: { value: "v" } };
      await createSecret(paged.scope("user", "secret:write"), { ...input, name, description: "" });
    }
  });

  test.each([
    [["b"], undefined, ["a"], ["c", "d"]],
    [["a", "b"], undefined, ["c", "d"], ["e", "f"]],
    [["d", "e"], "f", ["b", "c"], ["f", "g"]],
  ] as const)(
    "leaves out %j that go to the trash while it is read, before %s, and goes on",
    async (gone, before, shown, after) => {
      const trashed = await createTestFabric(owner, `trashed ${gone} ${before}`);
      const scope = trashed.scope("user", "secret:write");
      for (const name of ["a", "b", "c", "d", "e", "f", "g"])
        await createSecret(scope, { subKind: "text", name, description: "", fields: { value: "v" } });
      const read = (cursor: object) =>
        listSecrets(trashed.scope("user", "secret:list"), secretListQuery.parse(cursor), { limit: 2 });
      const cursor = before ? { before: encodeCursor(["name", before, ""]) } : {};
      const real = pool().query;
      let isFirst = true;
      pool().query = (async (config: { text: string }) => {
        if (isFirst && config.text.startsWith("WITH s AS")) {
          isFirst = false;
          const where = { fabricId: trashed.fabricId, name: { in: [...gone] } };
          await owner.secret.updateMany({ where, data: { deletedAt: new Date() } });
        }
        return Reflect.apply(real, pool(), [config]);
      }) as never;
      const page = await read(cursor).finally(() => {
        pool().query = real;
      });
      const namesOf = ({ secrets }: typeof page) => secrets.map(({ name }) => name);
      expect(namesOf(page)).toEqual(shown);
      expect(namesOf(await read({ after: page.next }))).toEqual(after);
    },
  );

  test.each(["name", "type", "created", "updated"] as const)(
    "by %s pages forwards and backwards through every secret once, also while rows are added",
    async (sort) => {
      const scope = paged.scope("user", "secret:write");
      const read = (cursor: object) =>
        listSecrets(
          paged.scope("user", "secret:list"),
          secretListQuery.parse({ sort, order: "desc", ...cursor }),
        );
      const seen: string[][] = [];
      let page = await read({});
      for (;;) {
        seen.push(page.secrets.map(({ name }) => name));
        if (!page.next) break;
        await createSecret(scope, {
          subKind: "text",
          name: `zz-new-${sort}-${seen.length}`,
          description: "",
          fields: { value: "v" },
        });
        page = await read({ after: page.next });
      }
      const all = seen.flat();
      expect(new Set(all).size).toBe(all.length);
      expect(all.filter((name) => names.includes(name)).sort()).toEqual([...names].sort());
      const back = page.previous ? await read({ before: page.previous }) : undefined;
      expect(back?.secrets.map(({ name }) => name)).toEqual(seen.at(-2));
    },
  );

  test.each(["q", "QX", "QXJ", "a qxj holds 100%"])(
    "finds “%s” in names and descriptions",
    async (search) => {
      const scope = searched.scope("user", "secret:write");
      const name = `${search.replace(/\W+/g, "_")}_${search.length}`;
      const add = (name: string, description: string) =>
        createSecret(scope, { subKind: "text", name, description, fields: { value: "v" } });
      await add(`in_${name}`, "");
      await add(`other_${search.length}`, `Of ${search.toLowerCase()}.`);
      await add(`none_${search.length}`, "Of nothing");
      const { secrets } = await listSecrets(
        searched.scope("user", "secret:list"),
        secretListQuery.parse({ search }),
      );
      const names = secrets.map((secret) => secret.name);
      expect(names).toContain(`other_${search.length}`);
      expect(names.includes(`in_${name}`)).toBe(/^\w+$/.test(search));
      expect(names).not.toContain(`none_${search.length}`);
    },
  );

  test("searches name and description, filters by type, and shows the first page for a broken cursor", async () => {
    await addText("needle_in_hay");
    const found = await listSecrets(list(), secretListQuery.parse({ search: "NEEDLE", type: "text" }));
    expect(found.secrets.map(({ name }) => name)).toEqual(["needle_in_hay"]);
    const none = await listSecrets(list(), secretListQuery.parse({ search: "needle", type: "binary" }));
    expect([none.secrets.length, await hasSecrets(list())]).toEqual([0, true]);
    // LIKE wildcards stand for themselves here.
    for (const search of ["needle%hay", "needle-in-hay", "%", "\\"])
      expect((await listSecrets(list(), secretListQuery.parse({ search }))).secrets, search).toEqual([]);
    expect((await listSecrets(list(), secretListQuery.parse({ search: "e_in_h" }))).secrets).toHaveLength(1);
    expect(
      (await listSecrets(list(), secretListQuery.parse({ after: "%%%" }))).secrets.length,
    ).toBeGreaterThan(0);
  });
});

/** Every table of the database, as text. */
async function dump(): Promise<string> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  const tables = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  const parts = [];
  for (const { tablename } of tables.rows) {
    const { rows } = await client.query(`SELECT t::text AS line FROM "${tablename}" t`);
    parts.push(...rows.map(({ line }) => line));
  }
  await client.end();
  return parts.join("\n");
}
