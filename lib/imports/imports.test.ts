import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { updateConnection } from "@/lib/connections/mutations";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { idempotentForm } from "@/lib/idempotency/request";
import { importRows } from "@/lib/imports/mutations";
import { findImportProblems } from "@/lib/imports/problems";
import { dryRunInput, importInput } from "@/lib/imports/schema";
import { createSecret } from "@/lib/secrets/mutations";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { QUOTA_SECRETS_PER_FABRIC: "1100", MAX_SECRET_BYTES: "2048" });
  owner = createDb((await createTestDatabase("web")).ownerUrl);
});
beforeEach(async () => {
  fabric = await createTestFabric(owner);
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const write = () => fabric.scope("user", "secret:write");
const text = (name: string, value = "v") => ({ subKind: "text", name, fields: { value } });
const run = (secrets: unknown[], connections: unknown[] = []) =>
  importRows(write(), importInput.parse({ secrets, connections }));
const stored = () => ({ where: { fabricId: fabric.fabricId } });
const postgres = (name: string, password: string) => ({
  kind: "postgres",
  name,
  properties: { server: "db.example.com", database: "d", username: "u" },
  secretNames: { password },
});

async function counts() {
  return {
    secrets: await owner.secret.count(stored()),
    names: await owner.secretName.count(stored()),
    versions: await owner.secretVersion.count(stored()),
    fields: await owner.secretField.count(stored()),
    connections: await owner.connection.count(stored()),
    events: await owner.auditEvent.count(stored()),
  };
}

test("secrets of every type and a connection that names one of them are stored together, each with its event", async () => {
  const result = await run(
    [
      text("Api_Key"),
      { subKind: "binary", name: "cert", fields: { value: "aGk=" }, fileName: "c.pem" },
      {
        subKind: "username_password",
        name: "login",
        description: "of the app",
        fields: { username: "u", password: "p" },
      },
      text("db_password"),
    ],
    [postgres("Orders", "DB_Password")],
  );
  expect(result).toEqual({ ok: true, value: { secrets: 4, connections: 1 } });
  expect(await counts()).toEqual({ secrets: 4, names: 4, versions: 4, fields: 5, connections: 1, events: 5 });
  const cert = await owner.secret.findFirstOrThrow({
    where: { name: "cert", ...stored().where },
    include: { versions: true, names: true },
  });
  expect(cert).toMatchObject({ nameKey: "cert", createdById: fabric.user.id, names: [{ nameKey: "cert" }] });
  expect(await owner.secretUse.count(stored())).toBe(4);
  expect(cert.versions[0]).toMatchObject({
    version: 1,
    manifest: { value: 1 },
    metadata: { fileName: "c.pem", sizeBytes: 2 },
  });
  const [reference] = await owner.connectionSecret.findMany({ ...stored(), include: { secret: true } });
  expect(reference).toMatchObject({ field: "password", secret: { name: "db_password" } });
  const events = await owner.auditEvent.findMany({ ...stored(), orderBy: { id: "asc" } });
  expect(events.map(({ action, objectName }) => [action, objectName])).toEqual([
    ["secret.create", "Api_Key"],
    ["secret.create", "cert"],
    ["secret.create", "login"],
    ["secret.create", "db_password"],
    ["connection.create", "Orders"],
  ]);
});

test("an imported connection allows no destination, although its person entered everything", async () => {
  const asked = vi.spyOn(globalThis, "fetch");
  await run([text("p")], [postgres("Orders", "p")]);
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
  expect(await owner.allowedDestination.count(stored())).toBe(0);
});

test("a server that came with a file is not allowed for a secret that its person picks later", async () => {
  await run([text("p"), text("other")], [postgres("Orders", "p")]);
  const { id: password } = await owner.secret.findFirstOrThrow({
    where: { ...stored().where, name: "other" },
  });
  const { id: connectionId } = await owner.connection.findFirstOrThrow(stored());
  const properties = { server: "db.example.com", database: "d", username: "u", password };
  const scope = fabric.scope("user", "connection:write");
  const asked = vi.spyOn(globalThis, "fetch");
  const updated = await updateConnection(scope, {
    connectionId,
    name: "Orders",
    description: "",
    properties,
  });
  expect(updated.ok).toBe(true);
  // Automate is not asked to allow it.
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
  expect(await owner.auditEvent.findFirst({ where: { objectId: connectionId } })).toMatchObject({
    action: "connection.create",
    details: { kind: "postgres", reason: "import" },
  });
});

test("one row that cannot be stored leaves nothing behind, and is named with its reason", async () => {
  await createSecret(write(), { ...text("taken"), subKind: "text", description: "" });
  const before = await counts();
  const result = await run(
    [
      text("fine"),
      text("TAKEN"),
      text("twice"),
      text("Twice"),
      { subKind: "binary", name: "big", fields: { value: btoa("x".repeat(3000)) } },
    ],
    [
      postgres("A", "fine"),
      postgres("a", "fine"),
      postgres("B", "nowhere"),
      { ...postgres("C", "fine"), properties: {} },
    ],
  );
  expect(result).toEqual({
    ok: false,
    code: "rows_refused",
    fieldErrors: {
      "secrets.1": "“TAKEN” is already a secret in this fabric.",
      "secrets.3": "Two rows have the name “Twice”.",
      "secrets.4": "The file is larger than 2 KiB.",
      "connections.1": "Two rows have the name “a”.",
      "connections.2":
        "It needs the secret “nowhere”, which is neither in the file nor in this fabric. Add it first.",
      "connections.3": expect.stringMatching(/^server: /),
    },
  });
  expect(await counts()).toEqual(before);
});

test("a name that somebody takes in between leaves nothing behind", async () => {
  const results = await Promise.all(
    ["1", "2", "3"].map((own) => run([text("shared"), text(`own${own}`)], [postgres(`c${own}`, "shared")])),
  );
  const refused = results.filter(({ ok }) => !ok);
  expect(refused).toHaveLength(2);
  for (const one of refused)
    expect(one).toMatchObject({
      code: "rows_refused",
      fieldErrors: { "secrets.0": "“shared” is already a secret in this fabric." },
    });
  expect(await counts()).toEqual({ secrets: 2, names: 2, versions: 2, fields: 2, connections: 1, events: 3 });
});

test("a thousand rows are stored by one import, and no more than the fabric has room for", async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => text(`s${i}`));
  expect(await run(rows)).toMatchObject({ ok: true, value: { secrets: 1000 } });
  expect(await counts()).toMatchObject({ secrets: 1000, fields: 1000, events: 1000 });
  const more = await run(Array.from({ length: 101 }, (_, i) => text(`t${i}`)));
  expect(more).toMatchObject({
    fieldErrors: { all: expect.stringMatching(/^This fabric may have 1,100 secrets/) },
  });
  expect(await owner.secret.count(stored())).toBe(1000);
});

test("a repeated import with the same key runs once", async () => {
  const input = importInput.parse({ secrets: [text("a")] });
  const again = () => importRows(write(), input, idempotentForm(fabric.user, "0123456789abcdef", input));
  expect((await again()).ok).toBe(true);
  await again();
  expect(await owner.secret.count(stored())).toBe(1);
  expect(await owner.idempotentCreate.findFirst({ where: { objectId: "1.0" } })).not.toBeNull();
});

test("a dry run needs names and types alone, knows former names, and changes nothing", async () => {
  const made = await createSecret(write(), { ...text("current"), subKind: "text", description: "" });
  if (!made.ok) throw new Error("not created");
  const retiredAt = new Date();
  const { fabricId } = fabric;
  await owner.secretName.create({
    data: { fabricId, nameKey: "former", name: "former", secretId: made.value.id, retiredAt },
  });
  const before = await counts();
  const input = dryRunInput.parse({
    secrets: [
      { name: "Former", subKind: "text" },
      { name: "new", subKind: "binary" },
    ],
    connections: [{ name: "c", kind: "postgres", secretNames: { password: "new" } }],
  });
  expect(await findImportProblems(write(), input)).toEqual({
    "secrets.0": "“Former” is a former name of a secret in this fabric, and pipelines may still use it.",
    "connections.0": "The secret “new” has a type that “password” does not accept.",
  });
  expect(await counts()).toEqual(before);
  expect(
    await findImportProblems(fabric.scope("user", "secret:write"), { secrets: [], connections: [] }),
  ).toEqual({});
});

test("input with too many rows, no row, or a value that does not fit its type is refused before anything is read", () => {
  const rows = Array.from({ length: 1001 }, (_, i) => text(`s${i}`));
  for (const secrets of [
    [],
    rows,
    [text("a", "")],
    [{ subKind: "binary", name: "b", fields: { value: "§" } }],
  ])
    expect(importInput.safeParse({ secrets, connections: [] }).success).toBe(false);
});
