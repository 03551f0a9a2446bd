import { Failure } from "@/cli/failure";
import type { ReadSecret } from "@/cli/runtime-client";

/** A value of `--env`: `NAME=secret`, or `NAME=secret#field`. */
export type Reference = { variable: string; name: string; field: string | undefined };
export type Find = (name: string) => Promise<ReadSecret | undefined>;

const form = /^([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9][A-Za-z0-9_.-]*)(?:#([A-Za-z]+))?$/;
/** The fields that the older form can name. A field of a newer type is read by `#` alone. */
const dotted = /^(.+)\.(value|username|password|clientId|clientSecret|authUrl|scope)$/;

export function parseReference(text: string): Reference {
  const [, variable, name, field] = form.exec(text) ?? [];
  if (variable === undefined || name === undefined)
    throw new Failure("usage", "Use --env NAME=secret, or NAME=secret#field for one field of a secret.");
  return { variable, name, field };
}

/**
 * The value that a reference names. `secret.field` is the older form of `secret#field`. Secret names can
 * contain dots, so an attacker who can add secrets could hijack a reference to a field. Where both readings
 * exist, this refuses the older form.
 */
export async function readReference(reference: Reference, find: Find): Promise<string | Uint8Array> {
  const { variable, name, field } = reference;
  const [, ownerName, ownerField] = field === undefined ? (dotted.exec(name) ?? []) : [];
  if (ownerName === undefined || ownerField === undefined)
    return fieldOf(variable, name, required(name, await find(name)), field);
  const [whole, owner] = await Promise.all([find(name), find(ownerName)]);
  if (whole === undefined) return fieldOf(variable, ownerName, required(ownerName, owner), ownerField);
  if (owner !== undefined && fieldIn(owner, ownerField) !== undefined) {
    const written = `${variable}=${name}`;
    throw new Failure(
      "usage",
      `${written} has two readings: the field ${ownerField} of the secret ${ownerName}, and the secret ${name}. Write ${variable}=${ownerName}#${ownerField} for the field, or ${unambiguousForms(variable, name, whole)} for the secret.`,
    );
  }
  return fieldOf(variable, name, whole, undefined);
}

function required(name: string, secret: ReadSecret | undefined): ReadSecret {
  if (secret !== undefined) return secret;
  throw new Failure("not_found", `Secret “${name}” not found in this fabric, or the token may not read it.`);
}

function fieldOf(
  variable: string,
  name: string,
  secret: ReadSecret,
  field: string | undefined,
): string | Uint8Array {
  const value = fieldIn(secret, field);
  if (value !== undefined) return value;
  throw new Failure(
    "usage",
    hasFields(secret)
      ? `${name} has several fields: write ${unambiguousForms(variable, name, secret)}.`
      : `${name} has no such field.`,
  );
}

/** One value of a secret. A single-value secret has the field `value`. */
function fieldIn(secret: ReadSecret, field: string | undefined): string | Uint8Array | undefined {
  if (!hasFields(secret)) return field === undefined || field === "value" ? secret : undefined;
  return field !== undefined && Object.hasOwn(secret, field) ? secret[field] : undefined;
}

/** The unambiguous reference to each value of a secret. */
function unambiguousForms(variable: string, name: string, secret: ReadSecret): string {
  const fields = hasFields(secret) ? Object.keys(secret) : ["value"];
  return fields.map((field) => `${variable}=${name}#${field}`).join(" or ");
}

function hasFields(secret: ReadSecret): secret is Record<string, string> {
  return typeof secret !== "string" && !(secret instanceof Uint8Array);
}
