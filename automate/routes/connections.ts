import type { FastifyInstance } from "fastify";
import { recordableNames } from "@/automate/asked-name";
import { requirePinned } from "@/automate/connection-pins";
import { connectionTag, isUnchanged } from "@/automate/entity-tag";
import type { FabricKeys } from "@/automate/fabric-keys";
import { findConnectionByName, type NamedConnection } from "@/automate/named-connection";
import { requirePipeline, takeRoomFor, takeTurns } from "@/automate/pipeline-request";
import { type Caller, noteUnchanged, openForUse } from "@/automate/read-secret";
import { Refusal } from "@/automate/refusal";
import { answerValue } from "@/automate/secret-answer";
import { recordOrTally } from "@/automate/tally";
import { connectionName } from "@/lib/connections/schema";

type Params = { Params: { name: string } };

/** A connection with its secrets filled in, ready for a driver; each of them is one use in the audit log. */
export function connectionRoutes(app: FastifyInstance, keys: FabricKeys): void {
  app.get<Params>("/v1/connections/:name", async (request, reply) => {
    const caller = await requirePipeline(request);
    const connection = await getConnection(caller, request.params.name);
    const secrets = connection.secrets.map(({ secret }) => secret);
    const via = { id: connection.id, name: connection.name };
    if (isUnchanged(request, reply, connectionTag(connection, secrets))) {
      await noteUnchanged(caller, secrets, via);
      return reply.send();
    }
    await takeTurns(caller, Math.max(0, secrets.length - 1));
    await takeRoomFor(caller, reply, secrets);
    const opened = await openForUse(keys, caller, secrets, via);
    const fields = connection.secrets.map(({ field, secret }, i) => ({
      field,
      value: answerValue(secret.subKind, opened[i] ?? {}),
      source: { name: secret.name, subKind: secret.subKind, version: secret.version },
    }));
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
  });
}

async function getConnection(caller: Caller, given: string): Promise<NamedConnection> {
  const { scope, source } = caller;
  const name = connectionName.safeParse(given);
  const connection = name.success ? await findConnectionByName(scope, name.data) : null;
  if (connection) {
    await requireConfirmed(caller, connection);
    return connection;
  }
  const { actor, teamId, fabricId } = scope;
  const [recorded = { name: "", length: 0 }] = await recordableNames("connection", fabricId, [given]);
  const key = ["connection.refuse", actor.id, actor.name, source, recorded.name, recorded.length];
  await recordOrTally(JSON.stringify(key), {
    actor,
    teamId,
    fabricId,
    action: "connection.refuse",
    object: { kind: "connection", id: "", name: recorded.name },
    details: { code: "not_found", source, ...(recorded.name ? {} : { length: recorded.length }) },
  });
  throw new Refusal(404, "not_found", "There is no connection of this name in the token's fabric.");
}

/** A connection that brings along other secrets than an Admin confirmed is refused, once that is recorded. */
async function requireConfirmed({ scope, source }: Caller, connection: NamedConnection): Promise<void> {
  const { id, name, secrets } = connection;
  try {
    requirePinned(
      scope,
      id,
      secrets.map(({ secret }) => secret.id),
    );
  } catch (refusal) {
    const { actor, teamId, fabricId } = scope;
    await recordOrTally(JSON.stringify(["not_confirmed", actor.id, actor.name, source, id]), {
      actor,
      teamId,
      fabricId,
      action: "connection.refuse",
      object: { kind: "connection", id, name },
      details: { code: "not_confirmed", source },
    });
    throw refusal;
  }
}
