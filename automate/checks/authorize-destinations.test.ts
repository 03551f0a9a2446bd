import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authorizeDestinations, type Confirmation } from "@/automate/checks/authorize-destinations";
import { type PreparedCheck, prepareCheck } from "@/automate/checks/prepare-check";
import { openSecrets } from "@/automate/secrets/open-secret";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { resultWithoutCheck } from "@/lib/connectors/check-protocol";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret, type TestSecret } from "@/testing/secrets";

const destination = "postgres://db.example.com:5432?tls=verify-full";
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let counter = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://127.0.0.1:3001" });
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

beforeEach(() => owner.destinationRule.deleteMany());

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

type Person = "user" | "admin";
const check = (role: Person) => fabric.scope(role, "connection:check");
const stale = () => ({ ...check("admin"), actor: { ...fabric.admin, authenticatedAt: new Date(0) } });

function addSecret(subKind: string, versions: TestSecret["versions"], metadata = {}) {
  counter += 1;
  return addTestSecret(owner, fabric, urls.webUrl, { id: `s${counter}`, subKind, versions, metadata });
}
const addText = (by: Person) => addSecret("text", [{ by, fields: { value: "v" } }]);

const openingOf = (secret: SecretWithAuthors) => ({
  field: secret.id,
  opening: { secret, fields: [], destinations: [destination] as const },
});

/** Authorizes these secrets for `destination` and returns the outcome. */
async function send(
  scope: Scope<"connection:check">,
  secrets: SecretWithAuthors[],
  { isConfirmed = true, reach = null }: Partial<Confirmation> = {},
) {
  const prepared: Pick<PreparedCheck, "openings"> = { openings: secrets.map(openingOf) };
  return (await authorizeDestinations(scope, prepared, { isConfirmed, reach })).state;
}

const allowances = (...secrets: SecretWithAuthors[]) =>
  owner.allowedDestination.count({ where: { secretId: { in: secrets.map(({ id }) => id) } } });

const setRule = (rule: DestinationRule) =>
  owner.destinationRule.create({ data: { fabricId: fabric.fabricId, rule, updatedByName: "x" } });

describe("a new destination", () => {
  test("that no server answers is neither asked about nor allowed, whatever the rule", async () => {
    const [mine, theirs] = [await addText("user"), await addText("admin")];
    const reach = async () => resultWithoutCheck("name_not_found");
    expect(await send(check("user"), [mine], { reach })).toBe("unreached");
    expect(await send(check("user"), [theirs], { reach, isConfirmed: false })).toBe("unreached");
    await setRule("open");
    expect(await send(check("user"), [mine], { reach })).toBe("unreached");
    expect(await allowances(mine, theirs)).toBe(0);
  });

  test("can be allowed by an Admin or by the author of every field, and by nobody else", async () => {
    const mine = await addText("user");
    const theirs = await addText("admin");
    const mixed = await addSecret("username_password", [
      { by: "admin", fields: { username: "u", password: "p" } },
      { by: "user", fields: { username: "mine" } },
    ]);
    expect(await send(check("user"), [mine])).toBe("allowed");
    expect(await send(check("user"), [theirs])).toBe("refused");
    expect(await send(check("user"), [mixed])).toBe("refused");
    expect(await send(stale(), [mixed])).toBe("refused");
    expect(await allowances(theirs, mixed)).toBe(0);
    expect(await send(check("admin"), [mixed])).toBe("allowed");
    expect(await owner.auditEvent.findMany({ where: { objectId: mixed.id } })).toMatchObject([
      { action: "destination.allow", actorId: fabric.admin.id, details: { destination: [destination] } },
    ]);
  });

  test("of settings that somebody else may have entered requires that the person confirms it", async () => {
    const mine = await addText("user");
    for (const scope of [check("user"), check("admin")])
      expect(await send(scope, [mine], { isConfirmed: false })).toBe("unconfirmed");
    expect(await allowances(mine)).toBe(0);
    expect(await send(check("user"), [mine])).toBe("allowed");
    expect(await send(check("user"), [mine], { isConfirmed: false })).toBe("allowed");
  });

  test("is allowed for all secrets of a connection or for none", async () => {
    const [mine, theirs] = [await addText("user"), await addText("admin")];
    expect(await send(check("user"), [mine, theirs])).toBe("refused");
    expect(await allowances(mine, theirs)).toBe(0);
  });

  test("can be allowed by any User in an open fabric, which automate records, and only by an Admin in a locked one", async () => {
    const [mine, theirs] = [await addText("user"), await addText("admin")];
    await setRule("locked");
    expect(await send(check("user"), [mine])).toBe("refused");
    expect(await send(stale(), [mine])).toBe("refused");
    expect(await allowances(mine)).toBe(0);
    expect(await send(check("admin"), [mine])).toBe("allowed");
    await owner.destinationRule.deleteMany();
    await setRule("open");
    expect(await send(check("user"), [theirs], { isConfirmed: false })).toBe("allowed");
    expect(await owner.auditEvent.findMany({ where: { objectId: theirs.id } })).toMatchObject([
      { action: "destination.allow", actorId: fabric.user.id },
    ]);
  });

  test.each<DestinationRule>(["ask", "locked"])(
    "without approval is refused when automate opens the secret, under the rule %s",
    async (rule) => {
      await setRule(rule);
      const { opening } = openingOf(await addText("user"));
      const purpose = { for: "check" as const, scope: check("admin"), connection: "c", openings: [opening] };
      await expect(openSecrets(fabric.keys, purpose)).rejects.toThrow("destination is not allowed");
    },
  );
});

describe("another destination", () => {
  const postgres = (secret: SecretWithAuthors) => ({
    server: "db.example.com",
    port: "5432",
    database: "d",
    username: "u",
    password: secret.id,
  });

  async function ask(role: Person, properties: Record<string, unknown>) {
    const prepared = await prepareCheck(check(role), "postgres", properties);
    if (!prepared.ok) throw new Error(prepared.code);
    return authorizeDestinations(check(role), prepared.value, { isConfirmed: true, reach: null });
  }

  test.each([
    ["host", { server: "evil.example" }],
    ["port", { port: "5433" }],
    ["TLS mode", { tlsMode: "disable" }],
  ])("includes another %s: a colleague may not send the secret there", async (_what, change) => {
    const secret = await addText("admin");
    const properties = postgres(secret);
    expect((await ask("admin", properties)).state).toBe("allowed");
    expect((await ask("user", { ...properties, server: "DB.example.com." })).state).toBe("allowed");
    expect(await ask("user", { ...properties, ...change })).toMatchObject({
      state: "refused",
      missing: [{ field: "password", destinations: [expect.any(String)] }],
    });
  });

  test("includes another certificate authority, or a new version of the current one", async () => {
    const secret = await addText("admin");
    const [trusted, own] = [await addText("admin"), await addText("user")];
    const trust = async (role: Person, caCertificate?: SecretWithAuthors) =>
      (await ask(role, { ...postgres(secret), caCertificate: caCertificate?.id })).state;
    expect(await trust("admin")).toBe("allowed");
    expect(await trust("user", own)).toBe("refused");
    expect(await trust("admin", trusted)).toBe("allowed");
    expect(await trust("user", trusted)).toBe("allowed");
    const { id: createdById, name: createdByName } = fabric.user;
    const next = { secretId: trusted.id, version: 2, fabricId: fabric.fabricId, createdById, createdByName };
    await owner.secretVersion.create({ data: { ...next, manifest: { value: 2 }, metadata: {} } });
    expect(await trust("user", trusted)).toBe("refused");
  });

  test("of an OAuth client is its token endpoint and its API, each with its own certificate authority", async () => {
    const fields = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example.com/token" };
    const client = await addSecret("m2m_oauth", [{ by: "user", fields }], {
      authHost: "idp.example.com:443",
    });
    const authority = await addText("user");
    const prepared = await prepareCheck(check("user"), "restapi", {
      baseUrl: "https://api.example.com",
      authType: "oauth_client_credentials",
      oauthClient: client.id,
      caCertificate: authority.id,
    });
    if (!prepared.ok) throw new Error(prepared.code);
    expect(
      (await authorizeDestinations(check("user"), prepared.value, { isConfirmed: true, reach: null })).state,
    ).toBe("allowed");
    const allowed = await owner.allowedDestination.findMany({ where: { secretId: client.id } });
    const authorityKey = `ca=${authority.id}.1`;
    expect(allowed.map(({ destination }) => destination).sort()).toEqual([
      `https://api.example.com:443?proved&${authorityKey}`,
      // The author's own Auth URL, used for tokens and from this connection.
      "oauth-token://idp.example.com:443",
      `oauth-token://idp.example.com:443?${authorityKey}`,
    ]);
    const openings = prepared.value.openings.map(({ opening }) => opening);
    const purpose = { for: "check" as const, scope: check("user"), connection: "c", openings };
    expect(await openSecrets(fabric.keys, purpose)).toHaveLength(2);
  });
});
