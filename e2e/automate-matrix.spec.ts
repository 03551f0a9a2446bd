import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { startPipeline } from "@/e2e/pipeline";
import { type AutomateBody, type AutomatePurpose, automateRequests } from "@/lib/internal-api/contract";
import {
  addCandidate,
  addConnection,
  addEntryLink,
  addRotation,
  addSecret,
  addTrashedSecret,
  addUsedCandidate,
  countEvents,
  givenKeys,
  markDeleted,
} from "@/testing/factories";
import { callerOf } from "@/testing/server-actions";
import { sendSigned, signedRequest } from "@/testing/signed-request";
import { stack } from "@/testing/stack-address";
import { createTenant, createToken, insert, type Tenant } from "@/testing/tenant";

type Row = {
  body: (tenant: Tenant) => Promise<Record<string, unknown>> | Record<string, unknown>;
  /** The status that a User of the team gets; automate always serves the Admin. */
  user: 200 | 403;
  needsFreshSignIn?: true;
  /** The body contains a token that is the proof: no person is needed. */
  byToken?: true;
};

const connection = { kind: "restapi", connectionName: "x", properties: { baseUrl: "https://127.0.0.1:9" } };

const issuer = { name: "CI", issuer: "https://ci.test.example", subject: "repo:ours:*", keys: givenKeys };

/** Every purpose that web may request, with a body that would succeed for an Admin. */
const rows: Record<AutomatePurpose, Row> = {
  "fabric-key:create": { body: ({ fabric }) => ({ fabricId: fabric.id }), user: 403 },
  "fabric-key:choose-master": { body: () => ({ fingerprint: null }), user: 403, needsFreshSignIn: true },
  "fabric:delete": {
    body: ({ fabric }) => ({ fabricId: fabric.id }),
    user: 403,
    needsFreshSignIn: true,
  },
  "fabric:restore": {
    body: async (tenant) => {
      await markDeleted(tenant);
      return { fabricId: tenant.fabric.id };
    },
    user: 403,
    needsFreshSignIn: true,
  },
  "fabric:discard": { body: ({ fabric }) => ({ fabricId: fabric.id }), user: 403 },
  "connection:check": {
    body: () => ({ ...connection, isConfirmed: true }),
    user: 200,
  },
  "candidate:check": { body: addCandidate, user: 200 },
  "candidate:allow": {
    body: async (tenant) => ({
      ...(await addCandidate(tenant)),
      connectionId: uuidv7(),
      destinations: ["https://api.test.example:443"],
    }),
    user: 403,
    needsFreshSignIn: true,
  },
  "candidate:ask": {
    body: async (tenant) => ({ ...(await addUsedCandidate(tenant)), reason: "" }),
    user: 200,
  },
  "candidate:promote": {
    body: async (tenant) => ({ ...(await addCandidate(tenant)), accepted: [] }),
    user: 200,
  },
  "candidate:discard": { body: addCandidate, user: 200 },
  "secret:undo": {
    body: async (tenant) => ({ secretId: await addSecret(tenant), expectedVersion: 1 }),
    user: 200,
  },
  "trash:purge": {
    body: async (tenant) => ({ type: "secret", id: await addTrashedSecret(tenant) }),
    user: 403,
    needsFreshSignIn: true,
  },
  "entry-link:create": {
    body: () => ({
      ...{ name: "Vendor", note: "", secret: { name: "wanted", subKind: "text" } },
      ...{ destinations: [], hours: 24 },
    }),
    user: 200,
    needsFreshSignIn: true,
  },
  "entry-link:revoke": {
    body: async (tenant) => ({ linkId: (await addEntryLink(tenant)).linkId }),
    user: 200,
    needsFreshSignIn: true,
  },
  "entry-link:show": {
    body: async (tenant) => ({ token: (await addEntryLink(tenant)).token }),
    user: 200,
    byToken: true,
  },
  "entry-link:settle": {
    body: async (tenant) => {
      const { linkId, token } = await addEntryLink(tenant);
      await insert("entry_link_use", { linkId, secretId: await addSecret(tenant), version: 1 });
      return { token };
    },
    user: 200,
    byToken: true,
  },
  "token:create": { body: () => ({ name: "x", expiresAt: null }), user: 403, needsFreshSignIn: true },
  "token:revoke": {
    body: async (tenant) => ({ tokenId: (await createToken(tenant)).id }),
    user: 403,
    needsFreshSignIn: true,
  },
  "token:owner": {
    body: async (tenant) => ({ tokenId: (await createToken(tenant)).id, ownerId: tenant.user.id }),
    user: 403,
    needsFreshSignIn: true,
  },
  "token:confirm": {
    body: async (tenant) => {
      const connectionId = await addConnection(tenant);
      const limits = { secretIds: [], connectionIds: [connectionId], cidrs: [] };
      const { id } = await createToken(tenant, { limits });
      return { tokenId: id, connections: [{ connectionId, secretIds: [] }] };
    },
    user: 403,
    needsFreshSignIn: true,
  },
  "fabric-key:rotate": { body: () => ({}), user: 403, needsFreshSignIn: true },
  "fabric-key:pause": { body: () => ({}), user: 403, needsFreshSignIn: true },
  "fabric-key:resume": { body: () => ({}), user: 403, needsFreshSignIn: true },
  "version:rule": { body: () => ({ formerVersions: 1 }), user: 403, needsFreshSignIn: true },
  "issuer:create": {
    body: ({ fabric }) => ({ ...issuer, audience: `selvage:${fabric.id}` }),
    user: 403,
    needsFreshSignIn: true,
  },
  "issuer:confirm": {
    body: () => ({ issuerId: uuidv7(), connections: [{ connectionId: uuidv7(), secretIds: [] }] }),
    user: 403,
    needsFreshSignIn: true,
  },
  "issuer:delete": { body: () => ({ issuerId: uuidv7() }), user: 403, needsFreshSignIn: true },
  "destination:settle": {
    // The stored version determines which destinations it keeps: the caller adds none.
    body: async (tenant) => ({ secretId: await addSecret(tenant) }),
    user: 200,
  },
  "destination:allow": {
    // Automate decides this for each secret: automate/checks/authorize-destinations.test.ts covers it.
    body: async (tenant) => ({
      secrets: [
        {
          field: "password",
          secretId: await addSecret(tenant),
          version: 1,
          destinations: ["https://a.test:443"],
        },
      ],
    }),
    user: 200,
  },
  "destination:keep": { body: () => ({ destinationId: uuidv7() }), user: 403, needsFreshSignIn: true },
  "credential-attempt:reset": {
    body: async (tenant) => ({ secretId: await addSecret(tenant) }),
    user: 403,
    needsFreshSignIn: true,
  },
  "rotation:set": { body: addRotation, user: 403, needsFreshSignIn: true },
  "rotation:remove": {
    body: async (tenant) => ({ secretId: (await addRotation(tenant)).secretId }),
    user: 403,
    needsFreshSignIn: true,
  },
  "rotation:start": {
    body: async (tenant) => ({ secretId: (await addRotation(tenant)).secretId }),
    user: 403,
    needsFreshSignIn: true,
  },
  "destination:ask": { body: () => ({ ...connection, reason: "" }), user: 200 },
  "destination:decide": {
    body: () => ({ requestId: uuidv7(), decision: "allowed" }),
    user: 403,
    needsFreshSignIn: true,
  },
  "destination:rule": { body: () => ({ rule: "ask" }), user: 403, needsFreshSignIn: true },
  "destination:remove": { body: () => ({ destinationId: uuidv7() }), user: 403, needsFreshSignIn: true },
  // Its answer says that there is no such secret.
  "secret:copy": {
    body: ({ fabric }) => ({ fromFabricId: fabric.id, secrets: [{ secretId: uuidv7(), name: "copy" }] }),
    user: 403,
    needsFreshSignIn: true,
  },
};
const purposes = Object.keys(rows) as AutomatePurpose[];

function send(tenant: Tenant, person: { id: string }, purpose: AutomatePurpose, body: object, claims = {}) {
  // A new key needs the id of a fabric that does not exist yet.
  const isNew = purpose === "fabric-key:create";
  const fabricId = isNew && "fabricId" in body ? String(body.fabricId) : tenant.fabric.id;
  // Each body belongs to its own purpose; TypeScript cannot follow the table.
  return sendSigned({ userId: person.id, fabricId }, purpose, body as AutomateBody<typeof purpose>, claims);
}

test("the tables list every route of automate", () => {
  const folder = resolve(import.meta.dirname, "../automate");
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
  const direct = /app\.(get|post|put|patch|delete|all|route)\b(?:<[^>]+>)?\(\s*([^,\n]+)[,\n]/g;
  const declared = /method: "([A-Z]+)",\s+path: "(\/v1[^"]*)"/g;
  const signed = /\bhandle(?:ForNewFabric|WithoutPerson)?\(\s*app,\s*"([^"]+)"/g;
  const routes = sources
    .flatMap((text) => [
      ...[...text.matchAll(direct)].map(([, method, path]) => `${method} ${path}`),
      ...[...text.matchAll(declared)].map(([, method, path]) => `${method} ${path}`),
      ...[...text.matchAll(signed)].map(([, purpose]) => `signed ${purpose}`),
    ])
    .sort();
  const expected = [
    ...purposes.map((purpose) => `signed ${purpose}`),
    // The three functions that verify a signature, for each purpose.
    "post path",
    "post path",
    "post path",
    // The one that verifies the operator's signature: automate/operator-keys.test.ts covers it.
    "post operatorRequests[purpose].path",
    'get "/healthz"',
    'get "/readyz"',
    // The function that serves the runtime API's operations, and that answers other methods.
    "route {",
    "route {",
    "GET /v1/connections/{name}",
    "GET /v1/secrets/{name}",
    "GET /v1/whoami",
    "POST /v1/secrets:batch",
    "POST /v1/secrets/{name}/token",
    'get "/v1/openapi.json"',
    // The files of the command line.
    "get path",
    // The Vault dialect has one route and its own table of paths: automate/runtime-api/vault/vault.test.ts.
    'all "/*"',
  ].sort();
  expect(routes).toEqual(expected);
});

test("automate serves nobody without web's signature: no credential, a session, a pipeline token, another key", async ({
  tenant,
}) => {
  const { token } = await startPipeline(tenant);
  const revoked = await createToken(tenant);
  await send(tenant, tenant.admin, "token:revoke", { tokenId: revoked.id });
  const expired = await createToken(tenant, { expiresAt: new Date(0).toISOString() });
  const { cookie = "" } = await callerOf(tenant.admin);
  const headersOf: Record<string, Record<string, string>> = {
    nothing: {},
    "a session cookie": { cookie },
    "a pipeline token": { authorization: `Bearer ${token}` },
    "a revoked token": { authorization: `Bearer ${revoked.token}` },
    "an expired token": { authorization: `Bearer ${expired.token}` },
    "a foreign signature": { authorization: `Selvage ${await foreignSignature(tenant)}` },
    "an unsigned request": { authorization: `Selvage ${unsigned(tenant)}` },
  };
  const before = await countEvents(tenant);
  for (const purpose of purposes) {
    const body = JSON.stringify(await rows[purpose].body(await createTenant()));
    for (const [what, headers] of Object.entries(headersOf)) {
      const response = await fetch(new URL(automateRequests[purpose].path, stack().automateInternalUrl), {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      expect(response.status, `${purpose} with ${what}`).toBe(401);
      expect(await response.json()).toEqual({ error: { code: "not_signed", message: expect.any(String) } });
    }
  }
  expect(await countEvents(tenant)).toBe(before);
});

test("the runtime API does not accept a session", async ({ tenant }) => {
  const { cookie = "" } = await callerOf(tenant.admin);
  for (const path of ["/v1/secrets/any", "/v1/connections/any", "/v1/whoami"]) {
    const response = await fetch(new URL(path, stack().automateUrl), { headers: { cookie } });
    expect(response.status, path).toBe(401);
  }
});

for (const purpose of purposes.filter((one) => rows[one].byToken)) {
  test(`automate does ${purpose} for the right token alone, signed by web`, async ({ tenant }) => {
    const body = await rows[purpose].body(tenant);
    const wrong = { token: `${String(body.token).slice(0, -4)}AAAA` };
    expect((await send(tenant, tenant.admin, purpose, wrong)).status).toBe(404);
    const claims = { purpose: "something:else" };
    expect((await send(tenant, tenant.admin, purpose, body, claims)).status).toBe(401);
    expect((await send(tenant, { id: uuidv7() }, purpose, body)).status).toBe(200);
  });
}

for (const purpose of purposes.filter((one) => !rows[one].byToken)) {
  test(`automate does ${purpose} only for callers whom the policy allows, whatever web signed`, async ({
    tenant,
  }) => {
    const other = await createTenant("Theirs");
    const { body, user, needsFreshSignIn } = rows[purpose];
    const make = async (): Promise<Record<string, unknown>> =>
      purpose === "fabric-key:create" ? { fabricId: uuidv7() } : body(tenant);

    if (purpose !== "fabric-key:create") {
      const foreign = await send(tenant, other.admin, purpose, await make());
      const none = await send(
        { ...tenant, fabric: { id: uuidv7(), name: "" } },
        other.admin,
        purpose,
        await make(),
      );
      expect([foreign.status, none.status]).toEqual([404, 404]);
      expect(await foreign.text()).toBe(await none.text());
    }
    const outsider = await send(tenant, { id: uuidv7() }, purpose, await make());
    expect(outsider.status).toBe(401);
    for (const claims of [
      { purpose: "something:else" },
      { htu: "http://127.0.0.1/elsewhere" },
      { body: "AAAA" },
      { htm: "GET" },
    ])
      expect((await send(tenant, tenant.admin, purpose, await make(), claims)).status).toBe(401);
    if (needsFreshSignIn) {
      const old = Math.floor(Date.now() / 1000) - 11 * 60;
      const stale = await send(tenant, tenant.admin, purpose, await make(), { auth_time: old });
      expect([stale.status, await stale.json()]).toMatchObject([403, { error: { code: "not_fresh" } }]);
    }
    expect((await send(tenant, tenant.user, purpose, await make())).status).toBe(user);
    const served = await send(tenant, tenant.admin, purpose, await make());
    // The ids in these bodies do not exist: only an Admin learns that.
    const missing = [
      "destination:remove",
      "destination:keep",
      "destination:decide",
      "candidate:allow",
      "issuer:delete",
      "issuer:confirm",
    ];
    const isMissing = missing.includes(purpose);
    expect(served.status).toBe(isMissing ? 404 : 200);
    await served.text();
  });
}

test("automate accepts a signed request once", async ({ tenant }) => {
  const by = { userId: tenant.admin.id, fabricId: tenant.fabric.id };
  const request = await signedRequest(by, "token:create", { name: "once", expiresAt: null });
  expect((await fetch(request.clone())).status).toBe(200);
  const again = await fetch(request);
  expect([again.status, await again.json()]).toMatchObject([401, { error: { code: "replayed" } }]);
});

function claimsFor({ admin, fabric }: Tenant) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: "web",
    aud: "automate",
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    actor: admin.id,
    access_epoch: 0,
    auth_time: now,
    fabric: fabric.id,
  };
}

async function foreignSignature(tenant: Tenant): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return new SignJWT(claimsFor(tenant))
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
    .sign(await importJWK(await exportJWK(privateKey), "EdDSA"));
}

function unsigned(tenant: Tenant): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "selvage-request" })}.${part(claimsFor(tenant))}.AA`;
}
