import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { Scope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import { changesOf } from "@/lib/connections/changes";
import {
  addReferences,
  type Configuration,
  configure,
  lockReferences,
} from "@/lib/connections/configuration";
import { currentSecretsOf } from "@/lib/connections/current-references";
import {
  allowNewDestinations,
  findNewDestinations,
  type StoredConnection,
} from "@/lib/connections/new-destinations";
import {
  type CreateConnectionInput,
  connectionEtag,
  type UpdateConnectionInput,
} from "@/lib/connections/schema";
import { secretTypes } from "@/lib/connections/secret-types";
import { moveToTrash } from "@/lib/connections/trash";
import type { Connector } from "@/lib/connectors/define";
import { isNeverSent, withMember } from "@/lib/connectors/nested-reference";
import { findConnector } from "@/lib/connectors/registry";
import { hiddenProperties, type TypeOf, unusedUsers } from "@/lib/connectors/validate";
import { allOrNothing } from "@/lib/db/all-or-nothing";
import { db, isUniqueViolation, type Prisma, type Tx } from "@/lib/db/client";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { ifMatchSatisfied } from "@/lib/if-match";
import { withinQuotas } from "@/lib/quotas/require-room";
import { fail, NotFound, ok, type Result } from "@/lib/result";

type Writer = Scope<"connection:write">;
/** Why a connection was not stored. */
export type ConnectionCode =
  | "name_taken"
  | "invalid_properties"
  | "unknown_kind"
  | "warehouse_taken"
  | "warehouse_unfit"
  | "changed";
export type PreparedConnection = {
  id: string;
  connector: Connector;
  input: CreateConnectionInput;
  configuration: Configuration;
};

/**
 * Stores a connection with its references to secrets, or nothing. `before` runs first in the same transaction
 * and creates the rows that the connection needs.
 */
export async function createConnection(
  scope: Writer,
  input: CreateConnectionInput,
  {
    idempotent,
    before,
  }: { idempotent?: IdempotentRequest | undefined; before?: (tx: Tx) => Promise<void> } = {},
): Promise<Result<{ id: string }, ConnectionCode>> {
  const prepared = prepareConnection(input, await secretTypes(scope, input.kind, input.properties));
  if (!prepared.ok) return prepared;
  const created = await write(input.name, async (tx) => {
    await reserve(tx, idempotent, prepared.value.id);
    await before?.(tx);
    return insertConnection(tx, scope, prepared.value);
  });
  if (!created.ok) return created;
  await allowNewDestinations(scope, created.value);
  return ok({ id: created.value.id });
}

/** Validates a new connection, before the transaction that stores it. `typeOf` knows the types of its secrets. */
export function prepareConnection(
  input: CreateConnectionInput,
  typeOf: TypeOf,
): Result<PreparedConnection, "unknown_kind" | "invalid_properties"> {
  const connector = findConnector(input.kind);
  if (!connector) return fail("unknown_kind", { kind: "Unknown kind of connection." });
  const configured = configure(connector, input.properties, typeOf);
  return configured.ok ? ok({ id: uuidv7(), connector, input, configuration: configured.value }) : configured;
}

/** Where settings came from that its creator did not enter: a file, or another fabric. */
export type ConnectionOrigin = "import" | "promotion";

/**
 * Stores a prepared connection. With `origin`, its servers count as entered by somebody else: no later edit allows them
 * unseen. The caller passes the result to `allowNewDestinations` after the commit.
 * Throws a unique violation when the name is taken, and `QuotaExceeded`.
 */
export async function insertConnection(
  tx: Tx,
  scope: Writer,
  { id, connector, input, configuration }: PreparedConnection,
  origin?: ConnectionOrigin,
): Promise<Result<StoredConnection, ConnectionCode>> {
  const { name, kind, description } = input;
  const invalid = await lockReferences(tx, scope, configuration.references);
  if (invalid) return invalid;
  const warehouse = input.isDefaultWarehouseConnection
    ? await claimWarehouse(tx, scope, connector)
    : ok(null);
  if (!warehouse.ok) return warehouse;
  const create = () =>
    tx.connection.create({
      data: {
        id,
        fabricId: scope.fabricId,
        kind,
        warehouseOf: warehouse.value,
        createdById: scope.actor.id,
        createdByName: scope.actor.name,
        ...columns(scope, { name, description }, configuration),
      },
      select: { id: true },
    });
  await withinQuotas(scope, { connections: 1 }, create, tx);
  await addReferences(tx, scope, id, configuration.references);
  const details = { kind, ...(origin ? { reason: origin } : {}) };
  await record(tx, entry(scope, "connection.create", { id, name }, details));
  const { secrets } = await currentSecretsOf(tx, scope, { kind, ...configuration });
  return ok({ id, newDestinations: await findNewDestinations(tx, scope, null, secrets) });
}

/**
 * Checks that the fabric has no SQL warehouse and that this kind can be one. Locks the fabric until the
 * transaction ends.
 */
async function claimWarehouse(
  tx: Tx,
  { fabricId }: Writer,
  { kind, name }: Connector,
): Promise<Result<string, "warehouse_taken" | "warehouse_unfit">> {
  const [fabric] = await tx.$queryRaw<{ provider: string }[]>`
    SELECT provider FROM fabric WHERE id = ${fabricId} FOR NO KEY UPDATE`;
  if (fabric?.provider !== kind) {
    const message = `${name} is not the provider of this fabric, so it cannot be its SQL warehouse.`;
    return fail("warehouse_unfit", { isDefaultWarehouseConnection: message });
  }
  const existing = await tx.connection.findUnique({
    where: { warehouseOf: fabricId },
    select: { name: true },
  });
  if (!existing) return ok(fabricId);
  const message = `“${existing.name}” is already the SQL warehouse of this fabric. A fabric can have only one.`;
  return fail("warehouse_taken", { isDefaultWarehouseConnection: message });
}

/**
 * Replaces a connection's name, description and properties; its kind stays. Deletes references that are no
 * longer used.
 */
export async function updateConnection(
  scope: Writer,
  input: UpdateConnectionInput,
  {
    ifMatch,
    idempotent,
    before: makeFirst,
  }: {
    ifMatch?: string | undefined;
    idempotent?: IdempotentRequest | undefined;
    before?: (tx: Tx) => Promise<void>;
  } = {},
): Promise<Result<{ id: string }, ConnectionCode>> {
  const { connectionId: id, name, description } = input;
  const existing = await db.connection.findFirst({
    where: { id, fabricId: scope.fabricId },
    select: { kind: true, properties: true, secrets: { select: { field: true, secretId: true } } },
  });
  const connector = existing && findConnector(existing.kind);
  if (!existing || !connector) throw new NotFound("Connection not found.");
  // Adds the properties that the form does not show, so the request cannot contain them.
  const nested = existing.secrets.filter(({ field }) => isNeverSent(field));
  const hidden = nested.reduce(
    (all, { field, secretId }) => withMember(all, field, secretId),
    hiddenProperties(connector, existing.properties as Prisma.JsonObject),
  );
  const typeOf = await secretTypes(scope, existing.kind, input.properties);
  const unused = unusedUsers(connector, existing.properties as Prisma.JsonObject, input.properties, typeOf);
  const configured = configure(connector, { ...hidden, ...unused, ...input.properties }, typeOf);
  if (!configured.ok) return configured;
  const updated = await write<StoredConnection>(name, async (tx) => {
    const current = await lockConnection(tx, scope, id);
    if (ifMatch !== undefined && !ifMatchSatisfied(ifMatch, connectionEtag(current))) return fail("changed");
    const before = { id, ...(await currentSecretsOf(tx, scope, current)) };
    await reserve(tx, idempotent, id);
    await makeFirst?.(tx);
    const invalid = await lockReferences(tx, scope, configured.value.references);
    if (invalid) return invalid;
    const next = { ...current, ...configured.value, name, description };
    const { secrets: secretsAfter } = await currentSecretsOf(tx, scope, next);
    const newDestinations = await findNewDestinations(tx, scope, before, secretsAfter);
    await tx.connection.update({
      where: { id },
      data: {
        ...columns(scope, { name, description }, configured.value),
        ...(newDestinations.length > 0 ? { placedAt: new Date() } : {}),
      },
      select: { id: true },
    });
    await tx.connectionSecret.deleteMany({ where: { connectionId: id } });
    await addReferences(tx, scope, id, configured.value.references);
    await record(tx, entry(scope, "connection.update", { id, name }, changesOf(connector, current, next)));
    return ok({ id, newDestinations });
  });
  if (!updated.ok) return updated;
  await allowNewDestinations(scope, updated.value);
  return ok({ id });
}

/** Reads a connection and locks it until the transaction ends. */
async function lockConnection(tx: Tx, { fabricId }: Pick<Writer, "fabricId">, id: string) {
  const [row] = await tx.$queryRaw<LockedConnection[]>`
    SELECT name, description, kind, properties, "updatedAt" FROM connection
    WHERE id = ${id} AND "fabricId" = ${fabricId} FOR UPDATE`;
  if (!row) throw new NotFound("Connection not found.");
  const references = await tx.connectionSecret.findMany({
    where: { connectionId: id },
    select: { field: true, secretId: true },
  });
  return { ...row, references };
}
type LockedConnection = {
  name: string;
  description: string;
  kind: string;
  properties: Record<string, unknown>;
  updatedAt: Date;
};

/** Moves a connection to the trash, with its references. The secrets stay, and the name is free at once. */
export async function deleteConnection(
  scope: Writer,
  { connectionId: id, ifMatch }: { connectionId: string; ifMatch?: string | undefined },
): Promise<Result<null, "changed">> {
  return db.$transaction(async (tx) => {
    const row = await lockConnection(tx, scope, id);
    if (ifMatch !== undefined && !ifMatchSatisfied(ifMatch, connectionEtag(row))) return fail("changed");
    await moveToTrash(tx, scope, id);
    await record(tx, entry(scope, "connection.delete", { id, name: row.name }));
    return ok(null);
  });
}

async function write<T>(
  name: string,
  run: (tx: Tx) => Promise<Result<T, ConnectionCode>>,
): Promise<Result<T, ConnectionCode>> {
  try {
    return await allOrNothing(run);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return fail("name_taken", { name: `“${name}” is taken by another connection of this fabric.` });
  }
}

function columns(
  { actor }: Writer,
  { name, description }: { name: string; description: string },
  { properties, hash }: Configuration,
) {
  return {
    name,
    nameKey: name.toLowerCase(),
    description,
    properties,
    configHash: hash,
    updatedAt: new Date(),
    updatedById: actor.id,
    updatedByName: actor.name,
  };
}

function entry(
  { actor, teamId, fabricId }: Writer,
  action: AuditEntry["action"],
  { id, name }: { id: string; name: string },
  details: AuditEntry["details"] = {},
): AuditEntry {
  return { actor, teamId, fabricId, action, object: { kind: "connection", id, name }, details };
}
