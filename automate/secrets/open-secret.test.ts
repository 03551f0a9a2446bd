import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorizeDestinations } from "@/automate/checks/authorize-destinations";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { requireKeyring, WrongMasterKey } from "@/automate/keys/require-keyring";
import { purge } from "@/automate/purge";
import { findSecretsByName } from "@/automate/secrets/find-secret";
import { openSecrets } from "@/automate/secrets/open-secret";
import type { Opening, Sending } from "@/automate/secrets/purpose";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { authorizePipeline, newPipelineToken } from "@/lib/access/pipeline";
import type { Destinations } from "@/lib/connectors/secret-destinations";
import { CannotOpen } from "@/lib/crypto/open";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { openKeyring } from "@/lib/kms/keyring";
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
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://127.0.0.1:3001", TRASH_DAYS: "0" });
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const check = (role: "user" | "admin") => fabric.scope(role, "connection:check");
const pipeline = (...openings: Opening[]) => ({
  for: "pipeline" as const,
  scope: fabric.scope("pipeline", "secret:use"),
  source: "127.0.0.1",
  openings,
});
const checking = (role: "user" | "admin", ...openings: Sending[]) => ({
  for: "check" as const,
  scope: check(role),
  connection: "c",
  openings,
});

/** A sealed secret under the next id. */
function addSecret(subKind: string, versions: TestSecret["versions"], metadata = {}) {
  counter += 1;
  return addTestSecret(owner, fabric, urls.webUrl, { id: `s${counter}`, subKind, versions, metadata });
}

/** Allows these destinations, as a check by the value's author would. */
async function allow(secret: SecretWithAuthors, destinations: Destinations) {
  const opening = { secret, fields: [], destinations };
  const decision = await authorizeDestinations(
    check("user"),
    { openings: [{ field: "value", opening }] },
    { isConfirmed: true, reach: null },
  );
  expect(decision.state).toBe("allowed");
}

/** The row of a connection that references a secret. */
async function addReference(id: string, secretId: string) {
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const row = { id, fabricId, name: id, nameKey: id, kind: "restapi", properties: {}, configHash: id, ...by };
  await owner.connection.create({ data: row });
  await owner.connectionSecret.create({
    data: { connectionId: id, field: "oauthClient", secretId, fabricId },
  });
}

describe("openSecrets", () => {
  test("opens each field for a pipeline after it has committed the audit event", async () => {
    const secret = await addSecret("username_password", [
      { by: "user", fields: { username: "svc", password: "one" } },
      { by: "user", fields: { password: "two" } },
    ]);
    const [opened] = await openSecrets(fabric.keys, pipeline({ secret, fields: ["username", "password"] }));
    expect([opened?.username?.revealText(), opened?.password?.revealText()]).toEqual(["svc", "two"]);
    const [event] = await owner.auditEvent.findMany({ where: { objectId: secret.id, action: "secret.use" } });
    expect(event).toMatchObject({ actorKind: "pipeline", details: { version: 2, source: "127.0.0.1" } });
    expect(event?.writer).toMatch(/_automate_login$/);
  });

  test("opens nothing when it cannot commit the audit event", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    await owner.$executeRaw`ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK ("objectId" <> 's2')`;
    expect(secret.id).toBe("s2");
    await expect(openSecrets(fabric.keys, pipeline({ secret, fields: ["value"] }))).rejects.toThrow();
    await owner.$executeRaw`ALTER TABLE audit_event DROP CONSTRAINT full_disk`;
  });

  test("refuses a check, by any caller, whose destination is not allowed for this version", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const opening = { secret, fields: ["value"], destinations: [destination] } as const;
    const opened = (one: Sending) => openSecrets(fabric.keys, checking("admin", one));
    await expect(opened(opening)).rejects.toThrow("destination is not allowed");
    // A cast can forge the type. The function checks at run time.
    const none = [] as string[] as unknown as Destinations;
    await expect(opened({ ...opening, destinations: none })).rejects.toThrow("destination is not allowed");
    await allow(secret, [destination]);
    await expect(opened(opening)).resolves.toHaveLength(1);
    await expect(opened({ ...opening, secret: { ...secret, version: 2 } })).rejects.toThrow(
      "destination is not allowed",
    );
    await expect(
      opened({ ...opening, destinations: [destination, "https://evil.example:443"] }),
    ).rejects.toThrow("destination is not allowed");
  });

  test("opens a certificate for a token server only if an allowed destination names it", async () => {
    const facts = { authHost: "idp.example:443" };
    const fields = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example/token" };
    const trustedFor = await addSecret("m2m_oauth", [{ by: "user", fields }], facts);
    const versions = [{ by: "user" as const, fields: { value: "PEM" } }];
    const [named, other] = [await addSecret("text", versions), await addSecret("text", versions)];
    const server = "oauth-token://idp.example:443";
    const opening = (secret: SecretWithAuthors, destination: string) => {
      const { scope, source } = pipeline();
      const openings = [{ secret, fields: ["value"], destinations: [destination] as const }];
      return openSecrets(fabric.keys, { for: "authority", scope, source, trustedFor, openings });
    };
    await expect(opening(named, `${server}?ca=${named.id}.1`)).rejects.toThrow("which nobody has allowed");
    await allow(trustedFor, [server]);
    await allow(trustedFor, [`${server}?ca=${named.id}.1`]);
    const [opened] = await opening(named, `${server}?ca=${named.id}.1`);
    expect(opened?.value?.revealText()).toBe("PEM");
    await expect(opening(other, `${server}?ca=${named.id}.1`)).rejects.toThrow("Secret not found.");
    await expect(opening(named, server)).rejects.toThrow("Secret not found.");
    await expect(opening(named, `${server}?ca=${named.id}.2`)).rejects.toThrow("Secret not found.");
    const events = { action: "secret.use", objectId: { in: [named.id, other.id] } };
    expect(await owner.auditEvent.count({ where: events })).toBe(1);
  });

  test("refuses a secret of another fabric", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const other = await createTestFabric(owner, "other");
    const scope = other.scope("pipeline", "secret:use");
    const openings = [{ secret, fields: ["value"] }];
    const attempt = openSecrets(fabric.keys, { for: "pipeline", scope, source: "", openings });
    await expect(attempt).rejects.toThrow("Secret not found");
  });

  test("does not open an Auth URL that differs from the host in the metadata", async () => {
    const fields = { clientId: "i", clientSecret: "s", authUrl: "https://evil.example/token" };
    const secret = await addSecret("m2m_oauth", [{ by: "user", fields }], { authHost: "idp.example:443" });
    const destinations = ["oauth-token://idp.example:443"] as const;
    await allow(secret, destinations);
    const opening = { secret, fields: Object.keys(fields), destinations } as const;
    const { scope, source } = pipeline();
    const via = { id: "c", name: "c" };
    await addReference(via.id, secret.id);
    for (const purpose of [
      checking("user", opening),
      { for: "token" as const, scope, source, openings: [opening] },
      { for: "connection" as const, scope, source, via, openings: [opening] },
    ])
      await expect(openSecrets(fabric.keys, purpose), purpose.for).rejects.toThrow(CannotOpen);
  });

  test("does not open rows that were swapped, in either direction", async () => {
    const [a, b] = [
      await addSecret("text", [{ by: "user", fields: { value: "a" } }]),
      await addSecret("text", [{ by: "user", fields: { value: "b" } }]),
    ];
    await owner.$executeRaw`UPDATE secret_field x SET sealed = y.sealed FROM secret_field y
      WHERE (x."secretId", y."secretId") IN ((${a.id}, ${b.id}), (${b.id}, ${a.id}))`;
    for (const secret of [a, b]) {
      await expect(openSecrets(fabric.keys, pipeline({ secret, fields: ["value"] }))).rejects.toThrow(
        CannotOpen,
      );
    }
  });
});

describe("a pipeline token", () => {
  test("works until it expires or is revoked, and only its hash is stored", async () => {
    const { token, tokenHash } = newPipelineToken();
    const row = {
      fabricId: fabric.fabricId,
      name: "nightly",
      tokenHash,
      createdById: "x",
      createdByName: "x",
    };
    const { id } = await owner.pipelineToken.create({ data: row });
    const authorize = (credential = token) => authorizePipeline(credential, "127.0.0.1");
    expect(await authorize()).toMatchObject({ scope: { fabricId: fabric.fabricId } });
    await owner.pipelineToken.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await authorize()).toMatchObject({ refused: { code: "expired" } });
    await owner.pipelineToken.update({ where: { id }, data: { expiresAt: null, revokedAt: new Date() } });
    expect(await authorize()).toMatchObject({ refused: { code: "revoked" } });
    expect(await authorize(newPipelineToken().token)).toBeNull();
    expect(await authorize(tokenHash)).toBeNull();
  });
});

describe("fabric keys", () => {
  test("wrapped by another master key are named at start and are not readable", async () => {
    const { automate } = await createTestKeys();
    const wrong = await openKeyring({ masterKeyFile: automate.MASTER_KEY_FILE });
    await expect(requireKeyring(wrong)).rejects.toThrow(WrongMasterKey);
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const wrongKeys = createFabricKeys(db, wrong, JSON.parse(automate.AUTOMATE_SIGNING_KEY));
    await expect(openSecrets(wrongKeys, pipeline({ secret, fields: ["value"] }))).rejects.toMatchObject({
      name: "KeyServiceFault",
      state: "missing",
    });
    const right = await openKeyring({ masterKeyFile: process.env.MASTER_KEY_FILE ?? "" });
    expect(await requireKeyring(right)).toEqual([]);
  });
});

describe("a deleted secret", () => {
  test("is not found by a pipeline, and nothing opens it that found it before", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const opening = pipeline({ secret, fields: ["value"] });
    await owner.secret.update({ where: { id: secret.id }, data: { deletedAt: new Date() } });
    expect(await findSecretsByName(opening.scope, [secret.name])).toEqual([null]);
    await expect(openSecrets(fabric.keys, opening)).rejects.toMatchObject({ status: 404 });
    expect(await owner.auditEvent.count({ where: { objectId: secret.id, action: "secret.alarm" } })).toBe(0);
  });

  test("with 0 days in the trash, has its sealed values destroyed at the next purge", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    await owner.secret.update({ where: { id: secret.id }, data: { deletedAt: new Date() } });
    await purge();
    expect(await owner.secretField.count({ where: { secretId: secret.id } })).toBe(0);
    expect(await owner.auditEvent.count({ where: { objectId: secret.id, action: "secret.purge" } })).toBe(1);
  });

  test("is destroyed even when automate cannot purge old check results", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    await owner.secret.update({ where: { id: secret.id }, data: { deletedAt: new Date() } });
    await owner.$executeRaw`ALTER TABLE connection_check RENAME TO connection_check_away`;
    await expect(purge()).rejects.toThrow();
    await owner.$executeRaw`ALTER TABLE connection_check_away RENAME TO connection_check`;
    expect(await owner.secretField.count({ where: { secretId: secret.id } })).toBe(0);
  });
});
