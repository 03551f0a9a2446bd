import "server-only";
import { v7 as uuidv7 } from "uuid";
import { authorize } from "@/lib/access/authorize";
import { insertConnection, type PreparedConnection, prepareConnection } from "@/lib/connections/mutations";
import { typesById } from "@/lib/connections/secret-types";
import { allOrNothing } from "@/lib/db/all-or-nothing";
import { isUniqueViolation } from "@/lib/db/client";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { findImportProblems, findNames } from "@/lib/imports/problems";
import type { Imported, ImportedConnection, ImportInput } from "@/lib/imports/schema";
import { fail, ok, type Result } from "@/lib/result";
import { secretKinds } from "@/lib/secrets/kinds/registry";
import { type NamedSecret, prepareSecrets, storeNewSecrets } from "@/lib/secrets/new-secrets";
import { sealingToNewestKey } from "@/lib/secrets/sealing";
import { settleDestinations } from "@/lib/secrets/update";
import { fileTooLarge, type Writer } from "@/lib/secrets/write";

/** After an import, the destinations of this many M2M OAuth secrets are settled at once; of others at their first use. */
const maxSettled = 20;

/**
 * Stores all secrets and connections of a file in one transaction, or nothing. `fieldErrors` then has a sentence for
 * each row that prevents it, as in `RowProblems`.
 *
 * An imported connection allows no destination: the file may come from somebody else, and nobody has looked at each
 * server in it. Its first check shows them and asks.
 */
export async function importRows(
  scope: Writer,
  input: ImportInput,
  idempotent?: IdempotentRequest,
): Promise<Result<Imported, "rows_refused">> {
  const secrets = input.secrets.map((secret): NamedSecret => ({ id: uuidv7(), input: secret }));
  const connections = await prepareConnections(scope, input.connections, secrets);
  const problems = {
    ...tooLarge(input),
    ...connections.problems,
    ...(await findImportProblems(scope, input)),
  };
  if (Object.keys(problems).length > 0) return fail("rows_refused", problems);
  const imported = { secrets: secrets.length, connections: input.connections.length };
  try {
    const stored = await sealingToNewestKey(async () => {
      const prepared = await prepareSecrets(scope, secrets);
      return allOrNothing<Imported, "rows_refused">(async (tx) => {
        await reserve(tx, idempotent, `${imported.secrets}.${imported.connections}`);
        await storeNewSecrets(scope, prepared, { tx });
        if (connections.prepared.length === 0) return ok(imported);
        const writer = await authorize(scope.actor, scope.fabricId, "connection:write");
        for (const [at, connection] of connections.prepared.entries()) {
          const inserted = await insertConnection(tx, writer, connection, "import");
          if (!inserted.ok)
            return fail("rows_refused", { [`connections.${at}`]: firstOf(inserted.fieldErrors) });
        }
        return ok(imported);
      });
    });
    if (!stored.ok) return stored;
  } catch (error) {
    // Somebody took a name in between.
    const taken = isUniqueViolation(error) ? await findImportProblems(scope, input) : {};
    if (Object.keys(taken).length > 0) return fail("rows_refused", taken);
    throw error;
  }
  const clients = secrets.filter(({ input: { subKind } }) => secretKinds[subKind].givesTokens);
  for (const { id } of clients.slice(0, maxSettled)) await settleDestinations(scope, id);
  return ok(imported);
}

/** The result of an import that an earlier attempt of the same request stored. */
export function replayedImport(stored: string): Imported {
  const [secrets = 0, connections = 0] = stored.split(".").map(Number);
  return { secrets, connections };
}

/** Replaces the names of secrets by ids, of the file's own secrets first, and validates the properties. */
async function prepareConnections(
  scope: Writer,
  connections: readonly ImportedConnection[],
  secrets: readonly NamedSecret[],
): Promise<{ prepared: PreparedConnection[]; problems: Record<string, string> }> {
  const named = await findNames(
    scope,
    connections.flatMap(({ secretNames }) => Object.values(secretNames)),
  );
  const own = new Map(
    secrets.map(({ id, input }) => [input.name.toLowerCase(), { id, subKind: input.subKind }]),
  );
  const known = [...named.values()].map(({ secretId, subKind }) => ({ id: secretId, subKind }));
  const typeOf = typesById([...own.values(), ...known]);
  const prepared: PreparedConnection[] = [];
  const problems: Record<string, string> = {};
  for (const [at, { secretNames, properties, ...connection }] of connections.entries()) {
    const ids = Object.entries(secretNames).map(([field, name]) => {
      const key = name.toLowerCase();
      return [field, own.get(key)?.id ?? usableId(named.get(key))];
    });
    const input = { ...connection, properties: { ...properties, ...Object.fromEntries(ids) } };
    const result = prepareConnection(input, typeOf);
    if (result.ok) prepared.push(result.value);
    else problems[`connections.${at}`] = firstOf(result.fieldErrors);
  }
  return { prepared, problems };
}

/** The id of a secret that is not in the trash, or "", which no secret has. */
function usableId(found: { secretId: string; heldBy: string | null } | undefined): string {
  return found?.heldBy === null ? found.secretId : "";
}

function tooLarge({ secrets }: ImportInput): Record<string, string> {
  return Object.fromEntries(
    secrets.flatMap((secret, at) => {
      const failure = fileTooLarge(secret);
      return failure ? [[`secrets.${at}`, firstOf(failure.fieldErrors)]] : [];
    }),
  );
}

/** The first sentence, with its property if it is about one. */
function firstOf(fieldErrors: Record<string, string> = {}): string {
  const [[field = "", message = "This is not valid."] = []] = Object.entries(fieldErrors);
  const property = /^properties\.(.+)$/.exec(field)?.[1];
  return property ? `${property}: ${message}` : message;
}
