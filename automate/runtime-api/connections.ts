import type { FastifyInstance, FastifyReply } from "fastify";
import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { reserveAnswerMemory, takeFromRate } from "@/automate/runtime-api/authenticate";
import { type RuntimeOperation, runtimeOperation, serveOperation } from "@/automate/runtime-api/define";
import { isUnchanged, propertiesEtag } from "@/automate/runtime-api/etag";
import { connectionAnswerSchema } from "@/automate/runtime-api/schema";
import { answerValue } from "@/automate/runtime-api/secret-answer";
import { recordRefusal } from "@/automate/secrets/aggregated-events";
import { requirePinned } from "@/automate/secrets/connection-pins";
import { filledFields, UserNotAccepted } from "@/automate/secrets/filled-fields";
import { findConnectionByName, type NamedConnection } from "@/automate/secrets/find-connection";
import { findTrashedConnection, inTrash } from "@/automate/secrets/find-trashed";
import { openSecrets } from "@/automate/secrets/open-secret";
import type { SendingPurpose, Via } from "@/automate/secrets/purpose";
import { type Caller, countUnchanged } from "@/automate/secrets/read-secret";
import { recordableNames } from "@/automate/secrets/requested-name";
import { requireDestinations } from "@/automate/secrets/require-destinations";
import { secretsOfConnection } from "@/lib/connectors/secret-destinations";

const getConnectionOperation = runtimeOperation({
  id: "getConnection",
  method: "GET",
  path: "/v1/connections/{name}",
  summary: "Read a connection with its secrets filled in",
  answer: connectionAnswerSchema,
  hasEtag: true,
  refusals: [404, 409],
});

/**
 * Returns a connection with its secrets filled in, ready for a driver. The audit log records each secret as
 * one use.
 */
export function connectionRoute(app: FastifyInstance, keys: FabricKeys): RuntimeOperation {
  return serveOperation(app, getConnectionOperation, async ({ caller, params, request, reply }) => {
    const connection = await getConnection(caller, params.name ?? "");
    const secrets = connection.secrets.map(({ secret }) => secret);
    const purpose = await purposeOf(caller, connection);
    if (isUnchanged(request, reply, propertiesEtag(connection, secrets))) {
      // A 304 also requires that the secrets may still be sent to their destinations.
      await requireDestinations(purpose);
      await countUnchanged(caller, secrets, purpose.via);
      return null;
    }
    return fill(keys, caller, { connection, purpose, reply });
  });
}

/**
 * Returns the connection of this name with its secrets filled in, under the rules of the runtime API. Throws
 * `Refusal`, after recording it.
 */
export async function readConnection(
  keys: FabricKeys,
  caller: Caller,
  { name, reply }: { name: string; reply: FastifyReply },
) {
  const connection = await getConnection(caller, name);
  const filled = await fill(keys, caller, {
    connection,
    purpose: await purposeOf(caller, connection),
    reply,
  });
  return { ...filled, updatedAt: connection.updatedAt };
}

async function fill(
  keys: FabricKeys,
  caller: Caller,
  {
    connection,
    purpose,
    reply,
  }: { connection: NamedConnection; purpose: ConnectionPurpose; reply: FastifyReply },
) {
  const secrets = connection.secrets.map(({ secret }) => secret);
  // Authentication already took one.
  await takeFromRate(caller, Math.max(0, secrets.length - 1));
  await reserveAnswerMemory(caller, reply, secrets);
  const opened = await openSecrets(keys, purpose);
  const values = connection.secrets.map(({ secret }, i) => answerValue(secret.subKind, opened[i] ?? {}));
  const fields = await fieldsOf(caller, connection, values);
  return {
    id: connection.id,
    name: connection.name,
    kind: connection.kind,
    properties: {
      ...connection.properties,
      ...Object.fromEntries(fields.map(({ field, value }) => [field, value])),
    },
    secrets: Object.fromEntries(fields.map(({ field, source }) => [field, source])),
  };
}

/** The fields that the values fill. Throws `Refusal` 409, after recording it, for a user that could mislead a client. */
async function fieldsOf(
  caller: Caller,
  { id, name, kind, secrets }: NamedConnection,
  values: readonly (string | Record<string, string>)[],
) {
  try {
    return secrets.flatMap(({ field, secret: { name, subKind, version } }, i) =>
      Object.entries(filledFields(kind, field, subKind, values[i] ?? "")).map(([filled, value]) => ({
        field: filled,
        value,
        source: { name, subKind, version },
      })),
    );
  } catch (error) {
    if (!(error instanceof UserNotAccepted)) throw error;
    await recordRefusedConnection(caller, { id, name }, { code: "secret_malformed" });
    const secret = secrets.find(({ field }) => field === error.field)?.secret.name;
    throw new Refusal(
      409,
      "secret_malformed",
      `The username in secret “${secret}” contains a character that database clients read as syntax. In Selvage, replace it.`,
    );
  }
}

type ConnectionPurpose = Extract<SendingPurpose, { for: "connection" }>;

/**
 * Returns which secrets this connection sends where. Throws `Refusal` 409 when its settings contain no valid
 * host.
 */
async function purposeOf(caller: Caller, connection: NamedConnection): Promise<ConnectionPurpose> {
  const { scope, source } = caller;
  const { id, name, kind, properties, secrets } = connection;
  const secretsToOpen = secretsOfConnection(kind, properties, secrets);
  if (secretsToOpen) {
    const openings = secretsToOpen.map(({ secret, destinations }) => ({
      secret,
      fields: Object.keys(secret.manifest),
      destinations,
    }));
    return { for: "connection", scope, source, via: { id, name }, openings };
  }
  await recordRefusedConnection(caller, { id, name }, { code: "misconfigured" });
  throw new Refusal(
    409,
    "misconfigured",
    `The settings of connection “${name}” contain no valid host. In Selvage, open connection “${name}”, correct the marked fields and save.`,
  );
}

async function getConnection(caller: Caller, requestedName: string): Promise<NamedConnection> {
  const { scope } = caller;
  const connection = await findConnectionByName(scope, requestedName);
  if (connection) {
    await requirePinnedSecrets(caller, connection);
    return connection;
  }
  const trashed = await findTrashedConnection(scope, requestedName);
  if (trashed) {
    const { id, name } = trashed;
    await recordRefusedConnection(caller, { id, name }, { code: "in_trash" });
    throw inTrash("Connection", trashed);
  }
  // A name that resembles none may be a pasted secret value, so only its length is recorded.
  const [recorded = { name: "", length: 0 }] = await recordableNames("connection", scope.fabricId, [
    requestedName,
  ]);
  const details = recorded.name ? {} : { length: recorded.length };
  await recordRefusedConnection(caller, { id: "", name: recorded.name }, { code: "not_found", ...details });
  throw new Refusal(404, "not_found", "Connection not found, or the token may not read it.");
}

/** Records the first refusal of a minute and counts the others. */
async function recordRefusedConnection(
  { scope, source }: Caller,
  object: Via,
  details: { code: string; length?: number },
): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  await recordRefusal(JSON.stringify(["connection.refuse", actor.id, actor.name, source, object, details]), {
    actor,
    teamId,
    fabricId,
    action: "connection.refuse",
    object: { kind: "connection", ...object },
    details: { ...details, source },
  });
}

/** Throws, after recording it, when the connection references a secret that no Admin confirmed for this caller. */
async function requirePinnedSecrets(caller: Caller, { id, name, secrets }: NamedConnection): Promise<void> {
  const secretIds = secrets.map(({ secret }) => secret.id);
  try {
    requirePinned(caller.scope, id, secretIds);
  } catch (error) {
    await recordRefusedConnection(caller, { id, name }, { code: "not_confirmed" });
    throw error;
  }
}
