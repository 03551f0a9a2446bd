import { connectionRow, isConnection } from "@/lib/imports/formats/connection";
import { type FileRow, type ParsedFile, type SecretRow, secretRow } from "@/lib/imports/formats/row";
import { fieldsOf, isSubKind, type SubKind, subKinds } from "@/lib/secrets/kinds/registry";

type Members = Readonly<Record<string, unknown>>;
type Found = { rows: FileRow[]; notes: Set<string> };

/** Members that describe a secret, beside the fields of its value. */
const about: readonly string[] = ["name", "type", "subKind", "kind", "description", "fileName", "id"];

const slashNote = "“/” in a path became “.”: a name has no “/”.";

/**
 * The secrets and connections of a JSON or YAML value, in any of these forms: a list of objects with a name, an
 * object of names, an object with the lists `secrets` and `connections`, bodies of the management API, and exports of
 * Vault. `prefix` goes before each name that the file does not contain whole.
 */
export function readTree(value: unknown, prefix = ""): ParsedFile {
  const found: Found = { rows: [], notes: new Set() };
  const documents = Array.isArray(value) && value.every(isVaultAnswer) ? value : [value];
  for (const document of documents) {
    const { secrets, connections, rest } = partsOf(unwrapped(document, found));
    if (connections !== undefined) addConnections(connections, found);
    if (secrets !== undefined) addSecrets(secrets, "", found);
    if (rest !== undefined) addRest(rest, prefix, found);
  }
  return { rows: found.rows, notes: [...found.notes] };
}

/** An object of names. With a prefix, one with the fields of a type is a single secret with that name. */
function addRest(value: unknown, prefix: string, found: Found): void {
  const name = prefix.replace(/[/._-]+$/, "");
  if (name !== "" && isMembers(value) && isCredential(value))
    found.rows.push(credential("File", name, value));
  else addSecrets(value, prefix, found);
}

/** The lists `secrets` and `connections` of an object that has them; otherwise everything is about secrets. */
function partsOf(value: unknown): { secrets?: unknown; connections?: unknown; rest?: unknown } {
  if (!isMembers(value)) return { rest: value };
  const { secrets, connections, ...others } = value;
  const hasLists = [secrets, connections].some((one) => typeof one === "object" && one !== null);
  if (hasLists && Object.values(others).every((other) => typeof other !== "object"))
    return { secrets, connections };
  if (Object.values(value).length > 0 && Object.values(value).every(isConnection))
    return { connections: value };
  return { rest: value };
}

/** What `vault kv get -format=json` wraps, for both versions of Vault's key-value engine. */
function unwrapped(value: unknown, found: Found): unknown {
  if (!isVaultAnswer(value)) return value;
  found.notes.add("Vault’s answer does not contain its path: enter a prefix if names need one.");
  const { data } = value;
  const isSecond = isMembers(data.data) && isMembers(data.metadata);
  return isSecond ? data.data : data;
}

function isVaultAnswer(value: unknown): value is { data: Members } {
  return isMembers(value) && isMembers(value.data) && ("request_id" in value || "lease_id" in value);
}

function addConnections(value: unknown, found: Found): void {
  const entries = Array.isArray(value)
    ? value.map((one, at): [string, unknown, string] => [
        isMembers(one) ? textOf(one.name) : "",
        one,
        `Connection ${at + 1}`,
      ])
    : Object.entries(isMembers(value) ? value : {}).map(([name, one]): [string, unknown, string] => [
        isMembers(one) && textOf(one.name) !== "" ? textOf(one.name) : name,
        one,
        `Connection ${name}`,
      ]);
  for (const [name, one, place] of entries)
    found.rows.push(connectionRow(place, name, isMembers(one) ? one : {}));
}

function addSecrets(value: unknown, path: string, found: Found): void {
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) found.rows.push(listed(one, `Entry ${at + 1}`));
    return;
  }
  if (!isMembers(value)) {
    found.rows.push(secretRow("File", "", { problem: "The file contains no object and no list." }));
    return;
  }
  for (const [key, one] of Object.entries(value)) addSecret(key, one, path, found);
}

/** An object of a list, which has its own name. */
function listed(one: unknown, place: string): SecretRow {
  if (!isMembers(one)) return secretRow(place, "", { problem: "This is not an object with a name." });
  // The body of the management API has name and value in `properties`.
  const { properties, ...own } = one;
  const members = isMembers(properties) ? { ...own, ...properties } : one;
  const name = textOf(members.name);
  if (name === "") return secretRow(place, "", { problem: "It has no name." });
  if (!subKinds.some((one) => Object.keys(fieldsOf(one)).some((field) => members[field] !== undefined)))
    return secretRow(place, name, { problem: "It has no value: an export contains none." });
  return { ...credential(place, name, members), place };
}

function addSecret(key: string, value: unknown, path: string, found: Found): void {
  if (`${path}${key}`.includes("/")) found.notes.add(slashNote);
  const name = `${path}${key}`.replace(/^\/+|\/+$/g, "").replace(/\/+/g, ".");
  const place = name;
  if (typeof value === "string") found.rows.push(secretRow(place, name, { fields: { value } }));
  else if (!isMembers(value)) found.rows.push(secretRow(place, name, { problem: notText(value) }));
  else if (isCredential(value)) found.rows.push(credential(place, name, value));
  else if (Object.keys(value).length === 0)
    found.rows.push(secretRow(place, name, { problem: "It is empty." }));
  else addSecrets(value, `${name}.`, found);
}

/** True for an object whose members are the fields of one type of secret, and not further names. */
function isCredential(members: Members): boolean {
  const fields = Object.keys(members).filter((key) => !about.includes(key));
  if (isMembers(members.value)) return false;
  return fields.length > 0 && subKindWith(fields) !== undefined;
}

/** The type that has exactly these fields, apart from optional ones. */
function subKindWith(fields: readonly string[]): SubKind | undefined {
  return subKinds.find((subKind) => {
    const known = fieldsOf(subKind);
    const required = Object.keys(known).filter((field) => !known[field]?.schema.isOptional());
    return (
      fields.every((field) => Object.hasOwn(known, field)) &&
      required.every((field) => fields.includes(field))
    );
  });
}

/** A secret from an object with the members of its type, or with them in `value`. */
function credential(place: string, name: string, members: Members): SecretRow {
  const inside = isMembers(members.value) ? members.value : members;
  const given = Object.entries(inside).filter(([key]) => !about.includes(key));
  const written = textOf(members.subKind) || textOf(members.type);
  const subKind = isSubKind(written) ? written : subKindWith(given.map(([key]) => key));
  const description = textOf(members.description);
  const problem = (text: string) => secretRow(place, name, { description, problem: text });
  if (written !== "" && written !== "secret" && !isSubKind(written))
    return problem(`Its type is not one of ${subKinds.join(", ")}.`);
  if (subKind === undefined) return problem("Its members are not those of a type of secret.");
  const known = fieldsOf(subKind);
  const foreign = given.find(([key]) => !Object.hasOwn(known, key));
  if (foreign) return problem(`A secret of this type has no “${foreign[0].slice(0, 64)}”.`);
  const wrong = given.find(([, value]) => typeof value !== "string");
  if (wrong) return problem(notText(wrong[1]));
  const fields = Object.fromEntries(given.map(([key, value]) => [key, textOf(value)]));
  return secretRow(place, name, { subKind, description, fields, fileName: textOf(members.fileName) });
}

function notText(value: unknown): string {
  const what = value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
  return `The value is ${what}, not text: write it in quotes.`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
