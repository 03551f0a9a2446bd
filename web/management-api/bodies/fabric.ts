import "server-only";
import { v7 as uuidv7 } from "uuid";
import * as z from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { waitForCheck } from "@/lib/connections/check";
import { type ConnectionCode, insertConnection, prepareConnection } from "@/lib/connections/mutations";
import { allowNewDestinations, type StoredConnection } from "@/lib/connections/new-destinations";
import type { CreateConnectionInput } from "@/lib/connections/schema";
import { typesById } from "@/lib/connections/secret-types";
import { checkTexts } from "@/lib/connectors/check-texts";
import { createFabric, discardFabric } from "@/lib/fabrics/mutations";
import { getFabric, listFabricTeams } from "@/lib/fabrics/queries";
import { fabricDescription, fabricName, providerKeys } from "@/lib/fabrics/schema";
import { complete, release } from "@/lib/idempotency/mutations";
import { findIdempotentRequest } from "@/lib/idempotency/queries";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { NotFound, ok, type Result, under } from "@/lib/result";
import { prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { fileTooLarge } from "@/lib/secrets/write";
import { type ApiResult, type Failure, failure, invalidField, reasonOf } from "@/web/management-api/answer";
import {
  createConnectionBody,
  readProperties,
  secretPlaceholder,
} from "@/web/management-api/bodies/connection";
import { createInputOf, createSecretBody } from "@/web/management-api/bodies/secret";
import type { Call, Reply } from "@/web/management-api/define";

/** Body of createFabric: a fabric, and optionally one secret and one connection in it. */
export const createFabricBody = z.object({
  name: fabricName,
  description: fabricDescription,
  teamName: z.string().min(1).max(100).meta({ description: "The name of the team that owns the fabric." }),
  provider: z
    .enum([...providerKeys, "ProphecyManaged"])
    .meta({ description: "The kind of its SQL warehouse. `ProphecyManaged` is treated as `none`." }),
  dataplaneUrl: z.string().max(2048).optional().meta({ description: "Accepted and ignored." }),
  secret: createSecretBody.optional(),
  connection: createConnectionBody
    .extend({
      shouldValidate: z
        .boolean()
        .default(true)
        .meta({ description: "Accepted and ignored: properties are always validated." }),
      shouldTest: z
        .boolean()
        .default(true)
        .meta({ description: "Whether the connection must pass its check." }),
    })
    .optional(),
});
type Body = z.output<typeof createFabricBody>;

/** Creates a fabric with its secret and its connection, or creates nothing. */
export async function makeFabric(
  actor: Actor,
  { body, idempotent, signal }: Call<unknown, Body>,
): Promise<ApiResult<Reply<{ id: string }>>> {
  const team = (await listFabricTeams(actor)).find(
    ({ name }) => name.toLowerCase() === body.teamName.trim().toLowerCase(),
  );
  if (!team) return invalidField("teamName", "Team not found, or you are not a member.");
  const scope = await authorizeTeam(actor, team.id, "fabric:write");
  const secret = body.secret && { id: uuidv7(), input: createInputOf(body.secret) };
  const large = secret && fileTooLarge(secret.input);
  if (large)
    return failure("too_large", undefined, {
      "secret.properties.value": large.fieldErrors?.["fields.value"] ?? "",
    });
  const connection = connectionOf(body, secret);
  if (!connection.ok) return connection;
  const ownSecrets = secret ? 1 : 0;
  const abandoned = await rollBackAbandoned(actor, idempotent, ownSecrets);
  if (abandoned !== null) return failure("name_taken", abandoned);
  const created = await store(scope, body, secret, connection.value, idempotent);
  if (!created.ok) return created;
  const failed = body.connection?.shouldTest
    ? await checkOf(actor, created.value.id, connection.value, signal)
    : null;
  if (failed === null) {
    await complete(idempotent);
    return ok({ data: created.value });
  }
  const remaining = await rollBack(actor, created.value.id, ownSecrets);
  await release(idempotent);
  return remaining === null ? failed : { ...failed, reason: `${reasonOf(failed)} ${remaining}` };
}

/** Destroys a fabric whose connection failed its check. Returns the reason if the fabric remains. */
async function rollBack(actor: Actor, fabricId: string, ownSecrets: number): Promise<string | null> {
  const seen = await authorized(actor, fabricId, "fabric:see");
  if (!seen) return null;
  const { secrets, connections } = await getFabric(seen);
  if (secrets > ownSecrets || connections > 1)
    return "The fabric remains, because someone stored something in it meanwhile.";
  const scope = await authorized(actor, fabricId, "fabric:write");
  return !scope || (await discardFabric(scope)).ok ? null : "The fabric could not be removed: delete it.";
}

/**
 * Destroys what an interrupted run of the same request left behind, before it runs again. Returns the reason
 * if it remains.
 */
async function rollBackAbandoned(
  actor: Actor,
  idempotent: IdempotentRequest | undefined,
  ownSecrets: number,
): Promise<string | null> {
  const before = idempotent && (await findIdempotentRequest(idempotent));
  if (!before || before === "other_body" || before.state !== "abandoned") return null;
  const remaining = await rollBack(actor, before.objectId, ownSecrets);
  await release(idempotent);
  return remaining && `An earlier attempt of this request was interrupted. ${remaining}`;
}

/** The scope of a fabric; null when the fabric no longer exists. */
function authorized<P extends Permission>(actor: Actor, fabricId: string, permission: P) {
  return authorize(actor, fabricId, permission).catch((error: unknown) => {
    if (error instanceof NotFound) return null;
    throw error;
  });
}

type NewSecret = { id: string; input: CreateSecretInput };

function typeOfNew(secret: NewSecret | undefined) {
  return typesById(secret ? [{ id: secret.id, subKind: secret.input.subKind }] : []);
}

/** The body's connection, validated before anything is created. */
function connectionOf(body: Body, secret: NewSecret | undefined): ApiResult<CreateConnectionInput | null> {
  if (!body.connection) return ok(null);
  const { name, kind, isDefaultWarehouseConnection, description = "" } = body.connection;
  const read = readProperties(kind, body.connection.properties, secret?.id);
  if (!read.ok) return { ...read, fieldErrors: under("connection", read.fieldErrors) };
  const { properties, inline } = read.value;
  if (inline)
    return invalidField(
      `connection.properties.${inline.field}`,
      `Send the value as “secret”, and ${secretPlaceholder} here.`,
    );
  const input = { name, kind, description, isDefaultWarehouseConnection, properties };
  const prepared = prepareConnection(input, typeOfNew(secret));
  if (!prepared.ok) return failure("invalid", undefined, under("connection", prepared.fieldErrors));
  return ok(input);
}

async function store(
  scope: TeamScope<"fabric:write">,
  body: Body,
  secret: NewSecret | undefined,
  connection: CreateConnectionInput | null,
  idempotent: IdempotentRequest | undefined,
): Promise<ApiResult<{ id: string }>> {
  const { name, description, provider } = body;
  const input = { name, description, provider: provider === "ProphecyManaged" ? "none" : provider } as const;
  let storedConnection: StoredConnection | undefined;
  const created = await createFabric<ConnectionCode>(scope, input, {
    idempotent,
    isPending: body.connection?.shouldTest ?? false,
    prepare: async (fabric) => {
      const writer = fabric.scope("secret:write");
      const sealed = await prepareSecrets(writer, secret ? [secret] : []);
      return async (tx): Promise<Result<unknown, ConnectionCode>> => {
        await storeNewSecrets(writer, sealed, { tx });
        if (!connection) return ok(null);
        const prepared = prepareConnection(connection, typeOfNew(secret));
        if (!prepared.ok) return prepared;
        const stored = await insertConnection(tx, fabric.scope("connection:write"), prepared.value);
        if (stored.ok) storedConnection = stored.value;
        return stored;
      };
    },
  });
  if (created.ok) {
    const { id: fabricId } = created.value;
    if (storedConnection)
      await allowNewDestinations(
        await authorize(scope.actor, fabricId, "connection:write"),
        storedConnection,
      );
    return created;
  }
  switch (created.code) {
    case "name_taken":
      return failure("fabric_name_taken", `Fabric with name \`${name}\` already exists in the team`);
    case "automate_unavailable":
    case "key_service_unavailable":
      return failure(created.code);
    case "refused":
    case "reauthenticate":
      return failure("refused");
    default:
      return failure("invalid", undefined, under("connection", created.fieldErrors));
  }
}

/** The failure of the connection's check; null when it passes. */
async function checkOf(
  actor: Actor,
  fabricId: string,
  connection: CreateConnectionInput | null,
  signal: AbortSignal,
): Promise<Failure | null> {
  if (!connection) return null;
  const { kind, name, properties } = connection;
  const scope = await authorize(actor, fabricId, "connection:check");
  // The caller sent both the fabric's only secret and its destination in this request, so no stored secret
  // can leak to it.
  const checked = await waitForCheck(scope, { kind, name, properties, isConfirmed: true }, signal);
  if (!checked.ok) return failure("check_failed", "The connection could not be checked.");
  const { result } = checked.value;
  if (result.ok) return null;
  const { title, advice } = checkTexts[result.code];
  const where = result.field ? ` Property: ${result.field}.` : "";
  return failure(
    "check_failed",
    `The connection check failed: ${title} ${advice}${where}`,
    result.field ? { [`connection.properties.${result.field}`]: `${title} ${advice}` } : {},
  );
}
