import { findConnector } from "@/lib/connectors/registry";
import { secretFields, validate } from "@/lib/connectors/validate";
import type { ConnectionRow } from "@/lib/imports/formats/row";

type Members = Readonly<Record<string, unknown>>;

/** Members that describe a connection, beside its properties. */
const about: readonly string[] = [
  "name",
  "kind",
  "description",
  "type",
  "id",
  "isDefaultWarehouseConnection",
];

/** True for an object that has a kind of connection. */
export function isConnection(value: unknown): boolean {
  return isMembers(value) && typeof value.kind === "string" && findConnector(value.kind) !== null;
}

/**
 * A connection of `connections.yaml`, of an export, or as the management API writes it. Its properties stand in
 * `properties` or beside its kind. A credential is the name of a secret: `databricks://<scope>/<name>`,
 * `{ secret: <name> }`, or a reference of the management API.
 */
export function connectionRow(place: string, name: string, members: Members): ConnectionRow {
  const kind = typeof members.kind === "string" ? members.kind : "";
  const description = typeof members.description === "string" ? members.description : "";
  const given: Members = isMembers(members.properties)
    ? { ...members.properties, ...referencesIn(members.secretNames) }
    : Object.fromEntries(Object.entries(members).filter(([key]) => !about.includes(key)));
  const row = { noun: "connection", place, name, kind, description } as const;
  const problem = (text: string): ConnectionRow => ({
    ...row,
    properties: {},
    secretNames: {},
    problem: text,
  });
  const connector = findConnector(kind);
  if (!connector) return problem(kind === "" ? "It has no kind." : "No kind of connection has this name.");
  const credentials = secretFields(connector, given).map(({ field }) => field);
  const secretNames: Record<string, string> = {};
  for (const field of credentials.filter((one) => given[one] !== undefined && given[one] !== "")) {
    const secret = secretNameIn(given[field]);
    if (secret === null)
      return problem(
        `“${field}” is not the name of a secret. A connection contains no value: write databricks://scope/name.`,
      );
    secretNames[field] = secret;
  }
  const properties = Object.fromEntries(Object.entries(given).filter(([key]) => !credentials.includes(key)));
  const validated = validate(connector, { ...properties, ...secretNames });
  if (!validated.ok) {
    const [field = "", message = ""] = Object.entries(validated.fieldErrors)[0] ?? [];
    return { ...row, properties, secretNames, problem: `${field}: ${message}` };
  }
  return { ...row, properties, secretNames };
}

/** The credentials of an export, which names their secrets apart from the properties. */
function referencesIn(secretNames: unknown): Members {
  const named = Object.entries(isMembers(secretNames) ? secretNames : {});
  return Object.fromEntries(named.map(([field, secret]) => [field, { secret }]));
}

/** The name of the secret that a credential refers to; null for anything else, such as a value. */
function secretNameIn(value: unknown): string | null {
  if (typeof value === "string") return /^databricks:\/\/[^/]+\/([^/]+)$/.exec(value)?.[1] ?? null;
  if (!isMembers(value)) return null;
  if (typeof value.secret === "string") return value.secret;
  const { properties } = value;
  return isMembers(properties) && typeof properties.name === "string" ? properties.name : null;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
