import { type CurrentSecret, findSecretById } from "@/automate/current-secret";
import type { Opening } from "@/automate/open-secret";
import type { Scope } from "@/lib/access/scope";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { type Connector, type FactsByField, openFields } from "@/lib/connectors/define";
import { type Destination, destinationKey } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { fieldsToOpen, secretFields, validate } from "@/lib/connectors/validate";
import { fail, ok, type Result } from "@/lib/result";

/** A check that may run: its properties, where it goes, and what has to be opened for which field. */
export type PreparedCheck = {
  connector: Connector;
  properties: Record<string, unknown>;
  destinations: Destination[];
  openings: { field: string; opening: Opening<CurrentSecret> }[];
};

/**
 * What a check comes to, before anything is opened or dialled; where its secrets may go is judged next. `fieldErrors`
 * name the fields at fault.
 */
export async function prepareCheck(
  scope: Scope<"connection:check">,
  kind: string,
  input: Record<string, unknown>,
): Promise<Result<PreparedCheck, Extract<CheckCode, "misconfigured" | "secret_missing">>> {
  const connector = findConnector(kind);
  if (!connector) return fail("misconfigured", {});
  const validated = validate(connector, input);
  if (!validated.ok) return fail("misconfigured", validated.fieldErrors);
  const properties: Record<string, unknown> = validated.value;

  const secrets: Record<string, CurrentSecret> = {};
  for (const { field, secretId, subKinds } of secretFields(connector, properties)) {
    if (secretId === null) continue;
    const secret = await findSecretById(scope, secretId);
    if (!secret || !subKinds.includes(secret.subKind)) return fail("secret_missing", { [field]: "gone" });
    secrets[field] = secret;
  }

  const facts = factsOf(secrets);
  const destinations = connector.destinations(validated.value, facts);
  const openings: PreparedCheck["openings"] = [];
  for (const field of fieldsToOpen(connector, validated.value, facts)) {
    const secret = secrets[field];
    if (!secret) continue;
    // The authority itself is sent nowhere.
    const authority = field === "caCertificate" ? undefined : authorityOf(secrets);
    const keys = destinations
      .filter((place) => place.secretFields.includes(field))
      .map((place) => destinationKey(place, authority));
    openings.push({
      field,
      opening: { secret, fields: openFields[secret.subKind], destinations: keys },
    });
  }
  return ok({ connector, properties, destinations, openings });
}

/** The certificate authority that a connection trusts besides the public ones: another version is another authority. */
function authorityOf({ caCertificate }: Readonly<Record<string, CurrentSecret>>): string | undefined {
  return caCertificate && `${caCertificate.id}.${caCertificate.version}`;
}

function factsOf(secrets: Readonly<Record<string, CurrentSecret>>): FactsByField {
  return Object.fromEntries(
    Object.entries(secrets).map(([field, { subKind, facts }]) => [
      field,
      { subKind, ...(facts.authHost ? { authHost: facts.authHost } : {}) },
    ]),
  );
}

/** Which version of each secret a check tries. */
export function versionsOf({ openings }: PreparedCheck): Record<string, number> {
  return Object.fromEntries(openings.map(({ opening: { secret } }) => [secret.id, secret.version]));
}
