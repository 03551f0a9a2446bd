import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Scope } from "@/lib/access/scope";
import { grant } from "@/lib/access/scope";
import type { Db } from "@/lib/db/client";
import { importRows } from "@/lib/imports/mutations";
import { importInput } from "@/lib/imports/schema";
import { promoteConnections } from "@/lib/promotions/mutations";
import { planPromotion } from "@/lib/promotions/plan";
import { type PromoteInput, promoteInput } from "@/lib/promotions/schema";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { createTestFabric, existing, type TestFabric } from "@/testing/fabric";
import { startWebWithAutomate } from "@/testing/web-with-automate";

let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let owner: Db;
let dev: TestFabric;
let prod: TestFabric;

beforeAll(async () => {
  web = await startWebWithAutomate();
  owner = web.owner;
});
beforeEach(async () => {
  dev = await createTestFabric(owner, "dev");
  prod = await createTestFabric(owner, "prod");
  for (const [userId, role] of [
    [dev.admin.id, "admin"],
    [dev.user.id, "user"],
  ] as const)
    await owner.membership.create({ data: { teamId: prod.teamId, userId, role } });
  await fill(
    dev,
    [text("orders_password"), login("archive")],
    [postgres("Orders", "orders_password"), postgres("Archive", "orders_password"), rest("Api", "archive")],
  );
});
afterAll(() => web.stop());

const text = (name: string) => ({ subKind: "text", name, fields: { value: "canary-70be" } });
const login = (name: string) => ({
  subKind: "username_password",
  name,
  fields: { username: "u", password: "canary-70be" },
});
const postgres = (name: string, password: string) => ({
  kind: "postgres",
  name,
  description: "of orders",
  properties: { server: "db.dev.example.com", database: "d", username: "u" },
  secretNames: { password },
});
const rest = (name: string, secret: string) => ({
  kind: "restapi",
  name,
  properties: { baseUrl: "https://api.dev.example.com", authType: "basic" },
  secretNames: { basicCredential: secret },
});

async function fill(fabric: TestFabric, secrets: unknown[], connections: unknown[] = []): Promise<void> {
  const input = importInput.parse({ secrets, connections });
  const result = await importRows(fabric.scope("user", "secret:write"), input);
  if (!result.ok) throw new Error(JSON.stringify(result));
}

/** A scope in prod of a person of dev. */
function inProd(role: "admin" | "user", actor = dev[role]): Scope<"connection:write"> {
  return grant(actor, role, { id: prod.fabricId, teamId: prod.teamId, ...existing }, "connection:write");
}

const idOf = async (noun: "secret" | "connection", name: string, { fabricId } = dev) =>
  noun === "secret"
    ? (await owner.secret.findFirstOrThrow({ where: { name, fabricId } })).id
    : (await owner.connection.findFirstOrThrow({ where: { name, fabricId } })).id;

async function input(names: Record<string, string>, secrets: PromoteInput["secrets"]): Promise<PromoteInput> {
  const connections = [];
  for (const [name, there] of Object.entries(names))
    connections.push({ id: await idOf("connection", name), name: there });
  return promoteInput.parse({ fromFabricId: dev.fabricId, connections, secrets });
}

const stored = ({ fabricId }: TestFabric) => ({ where: { fabricId } });
const countsIn = async (fabric: TestFabric) => ({
  secrets: await owner.secret.count({ where: { fabricId: fabric.fabricId, deletedAt: null } }),
  connections: await owner.connection.count(stored(fabric)),
  destinations: await owner.allowedDestination.count(stored(fabric)),
});

test("a plan names each connection and secret once, what is there already, what is rotated, and who may copy", async () => {
  await fill(prod, [text("Orders_Password"), text("archive")], [postgres("orders", "Orders_Password")]);
  const connectionIds = [
    await idOf("connection", "Orders"),
    await idOf("connection", "Archive"),
    await idOf("connection", "Api"),
  ];
  const { fabricId, admin: by } = dev;
  const rotation = {
    ...{ fabricId, connectionId: connectionIds[0] ?? "", method: "own", length: 20, alphabet: "symbols" },
    ...{ secretId: await idOf("secret", "orders_password"), setById: by.id, setByName: by.name },
  };
  await owner.passwordRotation.create({ data: rotation });
  const plan = await planPromotion(dev.scope("user", "connection:list"), {
    toFabricId: prod.fabricId,
    connectionIds,
  });
  if (!plan.ok) throw new Error("no plan");
  expect(plan.value.mayCopy).toBe(false);
  expect(plan.value.connections).toMatchObject([
    {
      name: "Orders",
      hosts: ["db.dev.example.com:5432"],
      nameProblem: expect.stringMatching(/^“Orders” is taken/),
    },
    { name: "Archive", nameProblem: null },
    { name: "Api", hosts: ["api.dev.example.com:443"], nameProblem: null },
  ]);
  expect(plan.value.secrets).toMatchObject([
    {
      name: "orders_password",
      usedBy: ["Orders", "Archive"],
      there: { id: await idOf("secret", "Orders_Password", prod) },
      isRotated: true,
    },
    // A Text with this name is there, which Basic authentication does not take.
    { name: "archive", subKinds: ["username_password"], there: null, isNameTaken: true, isRotated: false },
  ]);
  const admin = await planPromotion(dev.scope("admin", "connection:list"), {
    toFabricId: prod.fabricId,
    connectionIds,
  });
  expect(admin).toMatchObject({ value: { mayCopy: true } });
  await owner.passwordRotation.delete({ where: { secretId: rotation.secretId } });
});

test("a User promotes connections with secrets that are there: settings come along, destinations do not", async () => {
  await fill(prod, [text("prod_password")]);
  const before = await countsIn(prod);
  const use = {
    way: "existing",
    secretId: await idOf("secret", "orders_password"),
    useId: await idOf("secret", "prod_password", prod),
  } as const;
  const result = await promoteConnections(
    inProd("user"),
    await input({ Orders: "Orders", Archive: "Archive 2" }, [use]),
  );
  expect(result).toMatchObject({
    ok: true,
    value: { copied: 0, connections: [{ name: "Orders" }, { name: "Archive 2" }] },
  });
  expect(await countsIn(prod)).toEqual({ ...before, connections: 2 });
  const promoted = await owner.connection.findFirstOrThrow({
    where: { name: "Archive 2", fabricId: prod.fabricId },
    include: { secrets: true },
  });
  expect(promoted).toMatchObject({
    description: "of orders",
    createdById: dev.user.id,
    properties: { server: "db.dev.example.com", database: "d", username: "u" },
    secrets: [{ field: "password", secretId: use.useId }],
  });
  const { name: to } = await owner.fabric.findUniqueOrThrow({ where: { id: prod.fabricId } });
  const events = await owner.auditEvent.findMany({
    where: { fabricId: dev.fabricId, action: "connection.promote" },
  });
  expect(events.map(({ objectName, details }) => [objectName, details])).toEqual([
    ["Orders", { to }],
    ["Archive", { to }],
  ]);
  // Their servers are the other fabric's words, also for a later edit by the person who promoted them.
  expect(await owner.auditEvent.findFirst({ where: { objectId: promoted.id } })).toMatchObject({
    action: "connection.create",
    details: { kind: "postgres", reason: "promotion" },
  });
});

test("an Admin of both fabrics copies values along; the copies have no destination", async () => {
  const secrets: PromoteInput["secrets"] = [
    { way: "copy", secretId: await idOf("secret", "orders_password"), name: "orders_password" },
    { way: "copy", secretId: await idOf("secret", "archive"), name: "archive_login" },
  ];
  const result = await promoteConnections(
    inProd("admin"),
    await input({ Orders: "Orders", Api: "Api" }, secrets),
  );
  expect(result).toMatchObject({ ok: true, value: { copied: 2 } });
  expect(await countsIn(prod)).toEqual({ secrets: 2, connections: 2, destinations: 0 });
  const copies = await owner.secretVersion.findMany({ where: { fabricId: prod.fabricId } });
  expect(copies.map(({ createdById }) => createdById)).toEqual(["", ""]);
});

test("what cannot be stored leaves nothing behind: a taken name, a wrong type, a missing choice, a copy’s name", async () => {
  await fill(prod, [text("there")], [postgres("Orders", "there")]);
  const before = await countsIn(prod);
  const archive = await idOf("secret", "archive");
  const orders = await idOf("secret", "orders_password");
  const there = await idOf("secret", "there", prod);
  const copy = { way: "copy", secretId: archive, name: "copied" } as const;
  const run = async (names: Record<string, string>, secrets: PromoteInput["secrets"]) =>
    promoteConnections(inProd("admin"), await input(names, secrets));
  expect(
    await run({ Orders: "Orders" }, [{ way: "existing", secretId: orders, useId: there }]),
  ).toMatchObject({
    code: "connection_refused",
    fieldErrors: { name: "“Orders” is taken by another connection of that fabric." },
  });
  expect(await run({ Archive: "A" }, [])).toMatchObject({ code: "missing_secret" });
  // The copy of the first is made, and deleted again because the second cannot be stored.
  const wrong = await run({ Api: "Api", Archive: "A" }, [
    copy,
    { way: "existing", secretId: orders, useId: archive },
  ]);
  expect(wrong).toMatchObject({ code: "connection_refused" });
  expect(await run({ Api: "Api" }, [{ ...copy, name: "There" }])).toMatchObject({
    code: "copy_refused",
    fieldErrors: {
      [`secrets.${archive}`]: "“there” is already a name of a secret there. Choose another one for the copy.",
    },
  });
  expect(await countsIn(prod)).toEqual(before);
});

test("a copy needs an Admin of both with a recent sign-in; a fabric or connection of others is not found", async () => {
  const copy = [{ way: "copy", secretId: await idOf("secret", "archive"), name: "copied" }] as const;
  const wanted = await input({ Api: "Api" }, [...copy]);
  await expect(promoteConnections(inProd("user"), wanted)).rejects.toThrow(Forbidden);
  const stale = { ...dev.admin, authenticatedAt: new Date(0) };
  await expect(promoteConnections(inProd("admin", stale), wanted)).rejects.toThrow(NotFresh);
  const theirs = await createTestFabric(owner, "theirs");
  await expect(promoteConnections(theirs.scope("admin", "connection:write"), wanted)).rejects.toThrow(
    NotFound,
  );
  const ids = { toFabricId: theirs.fabricId, connectionIds: [await idOf("connection", "Api")] };
  await expect(planPromotion(dev.scope("admin", "connection:list"), ids)).rejects.toThrow(NotFound);
  const foreign = { ...ids, toFabricId: prod.fabricId, connectionIds: ["gone"] };
  await expect(planPromotion(dev.scope("admin", "connection:list"), foreign)).rejects.toThrow(NotFound);
  expect(await countsIn(prod)).toEqual({ secrets: 0, connections: 0, destinations: 0 });
});
