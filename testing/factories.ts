import { createHash, randomBytes, randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { callAction, callerOf } from "@/testing/server-actions";
import { createPerson, database, insert, type Tenant } from "@/testing/tenant";

export const restApi = { baseUrl: "https://api.test.example", authType: "none" };

/** A secret of the Admin. With `formerName`, it has been renamed. */
export async function addSecret({ fabric, admin }: Tenant, formerName?: string): Promise<string> {
  const caller = await callerOf(admin);
  const name = `s${randomUUID()}`;
  const made = await callAction(caller, "createSecretAction", [
    fabric.id,
    { subKind: "text", name: formerName ?? name, fields: { value: "matrix" } },
  ]);
  if (!made.ok || typeof made.value !== "object" || made.value === null || !("id" in made.value))
    throw new Error(`No secret: ${JSON.stringify(made)}`);
  const secretId = String(made.value.id);
  if (formerName) await callAction(caller, "renameSecretAction", [fabric.id, { secretId, name }]);
  return secretId;
}

/** An open candidate of a new secret of the Admin, without a stored value. */
export async function addCandidate(tenant: Tenant): Promise<{ secretId: string; candidate: number }> {
  const secretId = await addSecret(tenant);
  const fabricId = tenant.fabric.id;
  const { id: createdById, name: createdByName } = tenant.admin;
  await insert("secret_candidate", { secretId, number: 1, fabricId, baseVersion: 1 });
  const stored = { manifest: JSON.stringify({ value: -1 }), facts: "{}", createdById, createdByName };
  await insert("secret_version", { secretId, version: -1, fabricId, ...stored });
  return { secretId, candidate: 1 };
}

/** An M2M OAuth secret of the Admin. */
export async function addClient({ fabric, admin }: Tenant): Promise<string> {
  const fields = { clientId: "c", clientSecret: "matrix", authUrl: "https://idp.test.example/token" };
  const input = { subKind: "m2m_oauth", name: `s${randomUUID()}`, fields };
  const made = await callAction(await callerOf(admin), "createSecretAction", [fabric.id, input]);
  if (!made.ok || typeof made.value !== "object" || made.value === null || !("id" in made.value))
    throw new Error(`No secret: ${JSON.stringify(made)}`);
  return String(made.value.id);
}

export async function addConnection({ fabric, admin }: Tenant): Promise<string> {
  const id = uuidv7();
  await insert("connection", {
    id,
    fabricId: fabric.id,
    name: `Connection ${id}`,
    nameKey: `connection ${id}`,
    kind: "restapi",
    properties: JSON.stringify(restApi),
    configHash: id,
    createdById: admin.id,
    createdByName: admin.name,
    updatedById: admin.id,
    updatedByName: admin.name,
  });
  return id;
}

/** A new value of a secret that a connection uses. */
export async function addUsedCandidate(tenant: Tenant) {
  const candidate = await addCandidate(tenant);
  const connectionId = await addConnection(tenant);
  await insert("connection_secret", {
    connectionId,
    field: "bearerToken",
    secretId: candidate.secretId,
    fabricId: tenant.fabric.id,
  });
  return { ...candidate, connectionId };
}

/** A rotation of a new secret of the Admin, at a server that does not answer, and the input that would set it up again. */
export async function addRotation(tenant: Tenant) {
  const secretId = await addSecret(tenant);
  const connectionId = await addConnection(tenant);
  const fabricId = tenant.fabric.id;
  const { id, name } = tenant.admin;
  const properties = { server: "127.0.0.1", port: "9", database: "d", username: "u", tlsMode: "disable" };
  await database().query(`UPDATE connection SET kind = 'postgres', properties = $2 WHERE id = $1`, [
    connectionId,
    JSON.stringify(properties),
  ]);
  await insert("connection_secret", { connectionId, field: "password", secretId, fabricId });
  await insert("allowed_destination", {
    ...{ id: uuidv7(), fabricId, secretId, version: 1, createdById: id, createdByName: name },
    destination: "postgres://127.0.0.1:9?tls=disable",
  });
  const rules = { length: 32, alphabet: "letters_digits" };
  await insert("password_rotation", {
    ...{ secretId, fabricId, connectionId, method: "own", users: "{}", ...rules },
    ...{ setById: id, setByName: name },
  });
  return { secretId, connectionId, method: "own", users: [], ...rules, everyDays: null, window: null };
}

export async function addDestination(tenant: Tenant): Promise<string> {
  const id = uuidv7();
  await insert("allowed_destination", {
    id,
    fabricId: tenant.fabric.id,
    secretId: await addSecret(tenant),
    version: 1,
    destination: "https://api.test.example:443",
    createdById: tenant.admin.id,
    createdByName: tenant.admin.name,
  });
  return id;
}

export async function addRequest(tenant: Tenant): Promise<string> {
  const id = uuidv7();
  await insert("destination_request", {
    id,
    fabricId: tenant.fabric.id,
    secretId: await addSecret(tenant),
    version: 1,
    destinations: ["https://api.test.example:443"],
    connectionName: "Reports",
    configHash: id,
    reason: "",
    askedById: tenant.user.id,
    askedByName: tenant.user.name,
  });
  return id;
}

export async function addInvitation({ team, admin }: Tenant): Promise<string> {
  const id = uuidv7();
  const email = `${id}@test.example`;
  await insert("invitation", {
    id,
    teamId: team.id,
    email,
    emailKey: email,
    role: "user",
    tokenHash: id,
    createdById: admin.id,
    createdByName: admin.name,
    expiresAt: new Date(Date.now() + 86_400_000),
  });
  return id;
}

/** An issuer's public keys, as an Admin enters them, so that automate fetches none. */
export const givenKeys = {
  keys: [{ kty: "OKP" as const, crv: "Ed25519" as const, x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }],
};

export async function addIssuer({ fabric, admin }: Tenant, connectionIds: string[] = []): Promise<string> {
  const id = uuidv7();
  await insert("trusted_issuer", {
    id,
    fabricId: fabric.id,
    name: "CI",
    issuer: "https://ci.test.example",
    audience: "selvage",
    subject: "repo:ours:*",
    connectionIds,
    createdById: admin.id,
    createdByName: admin.name,
  });
  return id;
}

/** A secret's alarm, as automate raises it. */
export async function addAlarm({ fabric, team }: Tenant): Promise<string> {
  const secretId = uuidv7();
  await insert("audit_event", {
    id: uuidv7(),
    fabricId: fabric.id,
    teamId: team.id,
    actorKind: "system",
    actorId: "automate",
    actorName: "Automate",
    action: "secret.alarm",
    objectKind: "secret",
    objectId: secretId,
    objectName: "broken",
    details: { code: "cannot_open", field: "value", version: 1 },
  });
  return secretId;
}

export async function addMember({ team }: Tenant): Promise<string> {
  return (await createPerson({ name: "Mia Member", in: team })).id;
}

/**
 * Counts the events of a fabric or team. A refused call must record nothing except the refusal, which is not
 * counted.
 */
export async function countEvents({ fabric, team }: Tenant): Promise<number> {
  const { rows } = await database().query<{ count: number }>(
    `SELECT count(*)::int AS count FROM audit_event WHERE ("fabricId" = $1 OR "teamId" = $2) AND action <> 'act.refuse'`,
    [fabric.id, team.id],
  );
  return rows[0]?.count ?? 0;
}

/** An access token of the User. Only its hash exists, so it cannot be used. */
export async function addAccessToken(
  { user }: Tenant,
  { name = "nightly", owner = user.id }: { name?: string; owner?: string } = {},
): Promise<string> {
  const id = uuidv7();
  const expiresAt = new Date(Date.now() + 30 * 86_400_000);
  await insert("access_token", { id, userId: owner, name, tokenHash: randomUUID(), expiresAt });
  return id;
}

/** A secret in the trash, created and deleted by the Admin. */
export async function addTrashedSecret(tenant: Tenant): Promise<string> {
  const secretId = await addSecret(tenant);
  await callAction(await callerOf(tenant.admin), "deleteSecretAction", [tenant.fabric.id, { secretId }]);
  return secretId;
}

/** A connection in the trash. */
export async function addTrashedConnection(tenant: Tenant): Promise<string> {
  const connectionId = await addConnection(tenant);
  const caller = await callerOf(tenant.admin);
  await callAction(caller, "deleteConnectionAction", [tenant.fabric.id, { connectionId }]);
  return connectionId;
}

/** An open entry link for a new Text secret, or for this one. Created by the Admin. */
export async function addEntryLink(
  { fabric, admin }: Tenant,
  { secretId = null, name = "Vendor" }: { secretId?: string | null; name?: string } = {},
): Promise<{ linkId: string; token: string }> {
  const id = uuidv7();
  const token = `sve_${id}.${randomBytes(32).toString("base64url")}`;
  await insert("entry_link", {
    id,
    fabricId: fabric.id,
    name,
    tokenHash: createHash("sha256").update(token).digest("base64url"),
    secretId,
    secretName: `s${randomUUID()}`,
    subKind: "text",
    destinations: [],
    createdById: admin.id,
    createdByName: admin.name,
    createdEpoch: 0,
    expiresAt: new Date(Date.now() + 86_400_000),
  });
  return { linkId: id, token };
}

/** Marks the fabric as deleted, as automate does. Its tokens stay. */
export async function markDeleted({ fabric, admin }: Tenant): Promise<void> {
  await database().query(
    `INSERT INTO fabric_deletion ("fabricId", "requestedById", "requestedByName", "destroyAt")
     VALUES ($1, $2, $3, now() + interval '7 days') ON CONFLICT DO NOTHING`,
    [fabric.id, admin.id, admin.name],
  );
}
