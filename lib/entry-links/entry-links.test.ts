import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findDue } from "@/automate/checks/due-connections";
import { newPipelineToken } from "@/lib/access/pipeline";
import { createConnection } from "@/lib/connections/mutations";
import type { Db } from "@/lib/db/client";
import { removeDestination } from "@/lib/destinations/mutations";
import { enterValue, showEntry } from "@/lib/entry-links/enter";
import { createEntryLink, revokeEntryLink } from "@/lib/entry-links/mutations";
import { listEntryLinks } from "@/lib/entry-links/queries";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { getSecret } from "@/lib/secrets/queries";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { startWebWithAutomate } from "@/testing/web-with-automate";

// With the shipped automate: it compares tokens, and allows destinations.

type Person = "user" | "admin";
let web: Awaited<ReturnType<typeof startWebWithAutomate>>;
let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  web = await startWebWithAutomate();
  ({ owner } = web);
});

beforeEach(async () => {
  fabric = await createTestFabric(owner, "ours");
});

afterAll(() => web.stop());

const orders = "postgres://orders.example.com:5432?tls=verify-full";
const billing = "postgres://billing.example.com:5432?tls=verify-full";

async function addSecret(name: string, by: Person = "admin"): Promise<string> {
  const fields = { value: "former-value-1c" };
  const input = { subKind: "text", name, description: "", fields } as const;
  const created = await createSecret(fabric.scope(by, "secret:write"), input);
  if (!created.ok) throw new Error(created.code);
  return created.value.id;
}

async function addConnection(name: string, server: string, password: string, by: Person = "admin") {
  const created = await createConnection(fabric.scope(by, "connection:write"), {
    ...{ kind: "postgres", name, description: "" },
    properties: { server, database: "d", username: "u", password },
  });
  if (!created.ok) throw new Error(JSON.stringify(created));
  return created.value.id;
}

type Wanted = { secretId: string } | { secretName: string; subKind: "text" | "username_password" };

async function ask(wanted: Wanted, { by = "user" as Person, destinations = [] as string[] } = {}) {
  const input = {
    name: "Acme DBA",
    note: "The one of the new server.",
    lifetime: "24",
    destinations,
  } as const;
  return createEntryLink(fabric.scope(by, "entry-link:write"), { ...input, ...wanted });
}

/** The token of a new link, as its fragment has it. */
async function tokenOf(wanted: Wanted, more: Parameters<typeof ask>[1] = {}): Promise<string> {
  const created = await ask(wanted, more);
  if (!created.ok) throw new Error(created.code);
  const { origin, pathname, hash } = new URL(created.value.link);
  expect(`${origin}${pathname}`).toBe("http://127.0.0.1:3000/enter");
  return hash.slice(1);
}

const enter = (token: string, value = "entered-by-acme") =>
  enterValue({ token, subKind: "text", fields: { value } });
const text = (secretName: string) => ({ secretName, subKind: "text" }) as const;
const allowedOf = async (secretId: string) =>
  (await owner.allowedDestination.findMany({ where: { secretId }, orderBy: { id: "asc" } })).map(
    ({ version, destination, createdByName }) => [version, destination, createdByName],
  );
const eventsOf = async () =>
  (await owner.auditEvent.findMany({ where: { fabricId: fabric.fabricId }, orderBy: { id: "asc" } })).map(
    ({ actorKind, actorName, action, objectName }) => `${actorKind} ${actorName} ${action} ${objectName}`,
  );

async function read(name: string) {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(new URL(`/v1/${name}`, web.automateUrl), { headers });
  return { status: answer.status, json: await answer.json() };
}

describe("a link for a new secret", () => {
  test("shows who asks for what and where it goes, stores the value once, and is on record", async () => {
    await addConnection("Orders", "orders.example.com", await addSecret("other"));
    const token = await tokenOf(text("vendor_key"), { destinations: [orders] });
    const shown = await showEntry({ token });
    expect(shown).toEqual({
      ok: true,
      value: {
        ...{ linkName: "Acme DBA", note: "The one of the new server.", secretName: "vendor_key" },
        ...{ isNew: true, subKind: "text", fabricName: expect.stringMatching(/^ours/) },
        ...{ teamName: expect.stringMatching(/^ours/), askedByName: "Uri User" },
        askedByEmail: expect.stringContaining("@test.example"),
        expiresAt: expect.any(String),
        destinations: ["PostgreSQL orders.example.com:5432, TLS"],
      },
    });
    expect(await enter(token)).toEqual({ ok: true, value: null });
    expect(await enter(token, "a second one")).toEqual({ ok: false, code: "not_valid" });
    expect(await showEntry({ token })).toEqual({ ok: false, code: "not_valid" });

    const secret = await owner.secret.findFirstOrThrow({ where: { name: "vendor_key" } });
    expect(secret.createdById).toBe(fabric.user.id);
    const actor = "Entry link “Acme DBA”";
    expect(await allowedOf(secret.id)).toEqual([[1, orders, actor]]);
    const events = await eventsOf();
    expect(events).toContain("user Uri User entry_link.create Acme DBA");
    // Two programs write these, perhaps within a millisecond: their order is not known.
    expect(events.filter((event) => event.endsWith(" vendor_key")).toSorted()).toEqual([
      `link ${actor} destination.allow vendor_key`,
      `link ${actor} secret.create vendor_key`,
    ]);
    expect((await read("secrets/vendor_key")).json.value).toBe("entered-by-acme");
    const [link] = await listEntryLinks(fabric.scope("user", "entry-link:list"));
    expect(link).toMatchObject({ status: "used", secret: { id: secret.id, name: "vendor_key" } });
    const stored = await owner.$queryRaw`SELECT * FROM entry_link`;
    expect(JSON.stringify(stored)).not.toContain(token.split(".")[1]);
  });

  test("whose name is taken meanwhile creates one with a similar name", async () => {
    const token = await tokenOf(text("taken"));
    await addSecret("Taken");
    expect((await enter(token)).ok).toBe(true);
    expect((await read("secrets/taken-2")).json.value).toBe("entered-by-acme");
  });

  test("stores one of two values that are sent at once", async () => {
    const token = await tokenOf(text("raced"));
    const results = await Promise.all([enter(token, "one"), enter(token, "two")]);
    expect(results.map((result) => (result.ok ? "stored" : result.code)).sort()).toEqual([
      "not_valid",
      "stored",
    ]);
    expect(await owner.secret.count({ where: { fabricId: fabric.fabricId } })).toBe(1);
  });
});

describe("a link for the value of an existing secret", () => {
  test("replaces the whole value, and no field or destination of the former one stays", async () => {
    const input = { subKind: "m2m_oauth", name: "crm", description: "" } as const;
    const fields = {
      clientId: "old",
      clientSecret: "old",
      authUrl: "https://idp.example.com/t",
      scope: "all",
    };
    const created = await createSecret(fabric.scope("admin", "secret:write"), { ...input, fields });
    if (!created.ok) throw new Error(created.code);
    const { id: secretId } = created.value;
    const token = await tokenOf({ secretId });
    const value = { clientId: "new", clientSecret: "new", authUrl: "https://login.vendor.example/t" };
    expect((await enterValue({ token, subKind: "m2m_oauth", fields: value })).ok).toBe(true);
    expect((await read("secrets/crm")).json.value).toEqual(value);
    const current = (await allowedOf(secretId)).filter(([version]) => version === 2);
    expect(current).toEqual([[2, "oauth-token://login.vendor.example:443", "Entry link “Acme DBA”"]]);
    const { versions, fields: shown } = await getSecret(fabric.scope("user", "secret:list"), secretId);
    expect(versions[0]?.createdByName).toBe("Entry link “Acme DBA”");
    expect(shown.map(({ version }) => version)).toEqual([2, 2, 2]);
  });

  test("makes automate check the connections that use it", async () => {
    const secretId = await addSecret("db");
    const id = await addConnection("Orders", "orders.example.com", secretId);
    const { fabricId, configHash } = await owner.connection.findUniqueOrThrow({ where: { id } });
    const passed = { fabricId, configHash, ok: true, durationMs: 1, versions: { [secretId]: 1 } };
    await owner.connectionCheck.create({ data: { ...passed, actorId: "a", actorName: "Ada Admin" } });
    expect(await findDue(60, id)).toBeUndefined();
    await enter(await tokenOf({ secretId }, { destinations: [orders] }));
    expect(await findDue(60, id)).toMatchObject({ id });
  });

  test("may go where it was shown; elsewhere only an Admin with a recent sign-in sends it", async () => {
    const secretId = await addSecret("db");
    await addConnection("Orders", "orders.example.com", secretId);
    const token = await tokenOf({ secretId }, { destinations: [orders] });
    await enter(token);
    const through = await read("connections/Orders");
    expect([through.status, through.json.properties.password]).toEqual([200, "entered-by-acme"]);
    // The person who asked is not its author.
    await addConnection("Billing", "billing.example.com", secretId, "user");
    expect((await read("connections/Billing")).status).toBe(409);
    await addConnection("Billing 2", "billing.example.com", secretId, "admin");
    expect((await read("connections/Billing")).status).toBe(200);
    expect((await allowedOf(secretId)).map(([version, key, by]) => [version, key, by]).slice(-2)).toEqual([
      [2, orders, "Entry link “Acme DBA”"],
      [2, billing, "Ada Admin"],
    ]);
  });
});

describe("a link is not valid", () => {
  test.each<[string, (token: string, secretId: string) => Promise<unknown>]>([
    ["with another token of the same link", async () => {}],
    [
      "after its expiry",
      async () => owner.entryLink.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } }),
    ],
    [
      "after its revocation by a colleague",
      async () => {
        const { id } = await owner.entryLink.findFirstOrThrow({ where: { fabricId: fabric.fabricId } });
        const revoked = await revokeEntryLink(fabric.scope("admin", "entry-link:write"), { linkId: id });
        expect(revoked.ok).toBe(true);
        expect(await eventsOf()).toContain("user Ada Admin entry_link.revoke Acme DBA");
      },
    ],
    [
      "after its creator left the team",
      async () => owner.membership.deleteMany({ where: { userId: fabric.user.id } }),
    ],
    [
      "after its creator left the team and came back",
      async () => {
        const own = { where: { userId: fabric.user.id } };
        const { createdAt: _, ...membership } = await owner.membership.findFirstOrThrow(own);
        await owner.membership.deleteMany(own);
        await owner.membership.create({ data: membership });
      },
    ],
    [
      "after its creator's access ended",
      async () => owner.user.update({ where: { id: fabric.user.id }, data: { accessEpoch: 1 } }),
    ],
    [
      "while its creator is locked",
      async () => owner.user.update({ where: { id: fabric.user.id }, data: { lockedAt: new Date() } }),
    ],
    [
      "after its secret was deleted",
      async (_token, secretId) => deleteSecret(fabric.scope("admin", "secret:delete:own"), { secretId }),
    ],
    [
      "in a deleted fabric",
      async () => {
        const requested = { requestedById: "a", requestedByName: "A", destroyAt: new Date(Date.now() + 1e9) };
        await owner.fabricDeletion.create({ data: { fabricId: fabric.fabricId, ...requested } });
      },
    ],
  ])("%s", async (title, end) => {
    const secretId = await addSecret("db");
    const token = await tokenOf({ secretId });
    await end(token, secretId);
    const used = title.startsWith("with another") ? `${token.slice(0, -5)}AAAAA` : token;
    expect(await showEntry({ token: used })).toEqual({ ok: false, code: "not_valid" });
    expect(await enter(used)).toEqual({ ok: false, code: "not_valid" });
    expect(await owner.secretVersion.count({ where: { secretId } })).toBe(1);
  });

  test("for a value of another type", async () => {
    const token = await tokenOf({ secretName: "login", subKind: "username_password" });
    expect(await enter(token)).toEqual({ ok: false, code: "not_valid" });
  });
});

describe("the destinations of a link", () => {
  // The rule when it is created, who creates it, the rule when it is used, and the outcome.
  test.each<[DestinationRule, Person, DestinationRule, "allowed" | "not allowed" | "not created"]>([
    ["ask", "user", "ask", "allowed"],
    ["locked", "user", "locked", "not created"],
    ["locked", "admin", "locked", "allowed"],
    ["ask", "user", "locked", "not allowed"],
  ])("in a fabric with the rule %s, of the %s, entered under %s: %s", async (before, by, after, outcome) => {
    const { fabricId } = fabric;
    const secretId = await addSecret("db");
    await addConnection("Orders", "orders.example.com", secretId);
    const setRule = (rule: DestinationRule) =>
      owner.destinationRule.upsert({
        where: { fabricId },
        create: { fabricId, rule, updatedByName: "x" },
        update: { rule },
      });
    await setRule(before);
    const created = await ask({ secretId }, { by, destinations: [orders] });
    if (outcome === "not created") return expect(created).toMatchObject({ ok: false, code: "locked" });
    await setRule(after);
    if (!created.ok) throw new Error(created.code);
    await enter(new URL(created.value.link).hash.slice(1));
    const own = (await allowedOf(secretId)).filter(([version]) => version === 2);
    expect(own).toHaveLength(outcome === "allowed" ? 1 : 0);
  });

  test("are those that saved connections name, and no others", async () => {
    const secretId = await addSecret("db");
    await addConnection("Orders", "orders.example.com", secretId);
    await addConnection("Billing", "billing.example.com", await addSecret("other"));
    const outcomes = [
      await ask({ secretId }, { destinations: ["postgres://evil.example:5432?tls=disable"] }),
      await ask({ secretId }, { destinations: [billing] }),
      await ask(text("new"), { destinations: [billing] }),
    ];
    expect(outcomes.map((one) => (one.ok ? "created" : one.code))).toEqual([
      "unknown_destination",
      "unknown_destination",
      "created",
    ]);
  });

  test("leave out what an Admin removed after the link was created", async () => {
    const secretId = await addSecret("db");
    await addConnection("Orders", "orders.example.com", secretId);
    await addConnection("Billing", "billing.example.com", secretId);
    const token = await tokenOf({ secretId }, { destinations: [orders, billing] });
    const { id } = await owner.allowedDestination.findFirstOrThrow({
      where: { secretId, destination: billing },
    });
    await removeDestination(fabric.scope("admin", "destination:write"), { destinationId: id });
    expect(await showEntry({ token })).toMatchObject({
      value: { destinations: ["PostgreSQL orders.example.com:5432, TLS"] },
    });
    await enter(token);
    const own = (await allowedOf(secretId)).filter(([version]) => version === 2);
    expect(own.map(([, key]) => key)).toEqual([orders]);
  });
});

test("one link is tried at most 30 times a minute, and others are not affected", async () => {
  const [tried, other] = [await tokenOf(text("tried")), await tokenOf(text("other"))];
  const wrong = `${tried.slice(0, -5)}AAAAA`;
  const outcomes = new Set<string>();
  for (let i = 0; i < 70; i += 1) {
    const result = await showEntry({ token: wrong });
    outcomes.add(result.ok ? "shown" : result.code);
  }
  expect([...outcomes]).toEqual(["not_valid", "rate_limited"]);
  expect((await enter(other)).ok).toBe(true);
});
