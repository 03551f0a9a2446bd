import type { Sending } from "@/automate/secrets/purpose";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { typesById } from "@/lib/connections/secret-types";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { Connector } from "@/lib/connectors/define";
import type { Destination } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { destinationsOf } from "@/lib/connectors/secret-destinations";
import { secretFields, validate, withoutGivenUsers } from "@/lib/connectors/validate";
import { fail, ok, type Result } from "@/lib/result";
import { fieldsOf } from "@/lib/secrets/kinds/registry";

/** A check that is ready to run: its properties, its destinations, and the secrets to open for each field. */
export type PreparedCheck = {
  connector: Connector;
  properties: Record<string, unknown>;
  destinations: Destination[];
  openings: { field: string; opening: Sending<SecretWithAuthors> }[];
};

/**
 * Prepares a check without opening a secret or connecting. `authorizeDestinations` then decides where its secrets
 * may go. `fieldErrors` name the invalid fields. With `tried`, the check uses that
 * secret at that value instead of its current one.
 */
export async function prepareCheck(
  scope: Pick<Scope<"connection:check">, "fabricId">,
  kind: string,
  input: Record<string, unknown>,
  tried?: SecretWithAuthors,
): Promise<Result<PreparedCheck, Extract<CheckCode, "misconfigured" | "secret_missing">>> {
  const connector = findConnector(kind);
  if (!connector) return fail("misconfigured", {});
  const readable = validate(connector, input);
  if (!readable.ok) return fail("misconfigured", readable.fieldErrors);

  const referenced: Record<string, SecretWithAuthors> = {};
  for (const { field, secretId, subKinds } of secretFields(connector, readable.value)) {
    if (secretId === null) continue;
    const secret = tried?.id === secretId ? tried : await findSecretById(scope, secretId);
    if (!secret || !subKinds.includes(secret.subKind)) return fail("secret_missing", { [field]: "gone" });
    referenced[field] = secret;
  }

  // Only now is it known which secrets give a user.
  const typeOf = typesById(Object.values(referenced));
  const validated = validate(connector, readable.value, typeOf);
  if (!validated.ok) return fail("misconfigured", validated.fieldErrors);
  const properties: Record<string, unknown> = withoutGivenUsers(connector, validated.value, typeOf);
  const secrets = Object.fromEntries(
    secretFields(connector, properties, typeOf).flatMap(({ field }) => {
      const secret = referenced[field];
      return secret ? [[field, secret] as const] : [];
    }),
  );

  const { destinations, keysOf } = destinationsOf(connector, properties, secrets);
  // Only the secrets that go to a destination.
  const openings = Object.entries(secrets).flatMap(([field, secret]) => {
    const keys = keysOf(field);
    const fields = Object.keys(fieldsOf(secret.subKind));
    return keys ? [{ field, opening: { secret, fields, destinations: keys } }] : [];
  });
  return ok({ connector, properties, destinations, openings });
}

/** Returns the version of each secret that a check tries. */
export function versionsOf({ openings }: PreparedCheck): Record<string, number> {
  return Object.fromEntries(openings.map(({ opening: { secret } }) => [secret.id, secret.version]));
}
