import "server-only";
import type { Scope } from "@/lib/access/scope";
import { configHash } from "@/lib/connections/config-hash";
import type { Connector } from "@/lib/connectors/define";
import { indexerSecretPath, memberAt, withMember } from "@/lib/connectors/nested-reference";
import { secretFields, type TypeOf, validate, withoutGivenUsers } from "@/lib/connectors/validate";
import type { Prisma, Tx } from "@/lib/db/client";
import { fail, ok, type Result, under } from "@/lib/result";

/** A connection's plain properties, and its references to secrets, which are rows of their own. */
export type Configuration = { properties: Prisma.InputJsonObject; references: Reference[]; hash: string };
export type Reference = { field: string; secretId: string; subKinds: readonly string[] };
/**
 * Validates the properties of a connection and separates its references to secrets. `typeOf` knows the types of the
 * secrets that may give a user.
 */
export function configure(
  connector: Connector,
  input: Record<string, unknown>,
  typeOf: TypeOf,
): Result<Configuration, "invalid_properties"> {
  const validated = validate(connector, input, typeOf);
  if (!validated.ok) return fail("invalid_properties", under("properties", validated.fieldErrors));
  const value: Record<string, unknown> = validated.value;
  const fields = secretFields(connector, value, typeOf);
  const references = fields.flatMap(({ field, secretId, subKinds }) =>
    secretId === null ? [] : [{ field, secretId, subKinds }],
  );
  const kept = memberAt(value, indexerSecretPath);
  if (typeof kept === "string")
    references.push({ field: indexerSecretPath, secretId: kept, subKinds: ["text"] });
  const plain = Object.entries(value).filter(([field]) => !fields.some((secret) => secret.field === field));
  const own = Object.fromEntries(plain);
  // The connector's schema admits only strings, numbers, booleans and objects of them.
  const properties = (
    kept === undefined ? own : withMember(own, indexerSecretPath, undefined)
  ) as Prisma.InputJsonObject;
  const hash = configHash(connector.kind, withoutGivenUsers(connector, value, typeOf));
  return ok({ properties, references, hash });
}

/**
 * Locks the referenced secrets against deletion until the transaction ends.
 * Fails with the fields whose secret is deleted, belongs to another fabric, or has the wrong type.
 */
export async function lockReferences(
  tx: Tx,
  { fabricId }: Pick<Scope<"connection:write">, "fabricId">,
  references: readonly Reference[],
) {
  if (references.length === 0) return undefined;
  const ids = references.map(({ secretId }) => secretId);
  const rows = await tx.$queryRaw<{ id: string; subKind: string }[]>`
    SELECT id, "subKind" FROM secret
    WHERE id = ANY(${ids}) AND "fabricId" = ${fabricId} AND "deletedAt" IS NULL
    ORDER BY id FOR SHARE`;
  const subKindById = new Map(rows.map(({ id, subKind }) => [id, subKind]));
  const invalid = references.filter(
    ({ secretId, subKinds }) => !subKinds.includes(subKindById.get(secretId) ?? ""),
  );
  if (invalid.length === 0) return undefined;
  const errors = invalid.map(({ field }) => [
    field,
    "This secret was deleted or has another type: choose another.",
  ]);
  return fail("invalid_properties", under("properties", Object.fromEntries(errors)));
}

/** Stores the references of a connection to its secrets. */
export async function addReferences(
  tx: Tx,
  { fabricId }: Pick<Scope<"connection:write">, "fabricId">,
  connectionId: string,
  references: readonly Reference[],
) {
  await tx.connectionSecret.createMany({
    data: references.map(({ field, secretId }) => ({
      connectionId,
      field,
      secretId,
      fabricId,
    })),
  });
}
