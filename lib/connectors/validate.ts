import * as z from "zod";
import { type Connector, type FieldMeta, fieldMeta, type ShowWhen } from "@/lib/connectors/define";
import { fieldErrorsOf, issueText, maxFields } from "@/lib/issue-text";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** The type of a referenced secret by its id; undefined for one that is not known. */
export type TypeOf = (secretId: string) => SubKind | undefined;
const noTypes: TypeOf = () => undefined;

export type Validated<T> = { ok: true; value: T } | { ok: false; fieldErrors: Record<string, string> };

/**
 * Validates properties against their connector. Shown fields are required, hidden and unknown fields are
 * dropped, and an empty string counts as absent.
 *
 * A user is required unless the secret of its password gives it. Where `typeOf` does not know that secret, the user
 * may be absent.
 */
export function validate<F extends z.ZodObject>(
  connector: Connector<F>,
  input: unknown,
  typeOf: TypeOf = noTypes,
): Validated<z.output<F>> {
  const properties = present(connector, input);
  const visible = visibleFields(connector, properties, typeOf);
  const optional = visible.filter((field) => userFrom(connector, properties, field, typeOf) !== "field");
  const parsed = schemaOf(connector, visible, optional).safeParse(properties, { error: issueText });
  const fieldErrors = fieldErrorsOf(parsed.error?.issues ?? []);
  for (const field of visible) {
    if (optional.includes(field)) continue;
    if (properties[field] === undefined && metaOf(connector, field).requiredWhenShown)
      fieldErrors[field] ??=
        metaOf(connector, field).control === "secret" ? "Choose a secret." : "This field is required.";
  }
  Object.assign(fieldErrors, otherUsers(connector, properties, typeOf));
  if (!parsed.success || Object.keys(fieldErrors).length > 0) return { ok: false, fieldErrors };
  // The picked schema has the connector's fields, without some that are optional in its type.
  const value = parsed.data as z.output<F>;
  const conflicts = connector.conflicts?.(value) ?? {};
  return Object.keys(conflicts).length > 0 ? { ok: false, fieldErrors: conflicts } : { ok: true, value };
}

// Cached, because each pipeline read of a connection waits for this, and building a schema costs more than
// using it.
const schemas = new WeakMap<Connector, Map<string, z.ZodObject>>();

/** The schema of the visible fields, some of which are optional because a secret may give their value. */
function schemaOf(
  connector: Connector,
  visible: readonly string[],
  optional: readonly string[],
): z.ZodObject {
  const cached = schemas.get(connector) ?? new Map<string, z.ZodObject>();
  schemas.set(connector, cached);
  const key = [...visible, "", ...optional].join();
  const shape = () =>
    Object.fromEntries(
      visible.map((field) => {
        const schema = shapeOf(connector)[field] as z.ZodType;
        return [field, optional.includes(field) ? schema.optional() : schema];
      }),
    );
  const schema = cached.get(key) ?? z.object(shape() as z.ZodRawShape);
  cached.set(key, schema);
  return schema;
}

/**
 * The fields that these properties show, in the order of the form. The properties may be incomplete. Leaves out the
 * secret of a user whose password's secret gives the user.
 */
export function visibleFields(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  typeOf: TypeOf = noTypes,
): string[] {
  return fieldsShownBy(connector, properties).filter(
    (field) =>
      metaOf(connector, field).control !== "secret" ||
      userFrom(connector, properties, field, typeOf) !== "secret",
  );
}

function fieldsShownBy(connector: Connector, properties: Readonly<Record<string, unknown>>): string[] {
  const shown: string[] = [];
  for (const field of Object.keys(connector.fields.shape)) {
    const { showWhen } = metaOf(connector, field);
    if (showWhen === undefined || holds(showWhen, connector, properties, shown)) shown.push(field);
  }
  return shown;
}

/**
 * Errors of users' secrets next to a password whose secret gives the user. The same secret may stand in both fields:
 * the documented API requires both.
 */
function otherUsers(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  typeOf: TypeOf,
): Record<string, string> {
  const others = Object.entries(properties).filter(([field, value]) => {
    const { control, userOf: password = "" } = metaOf(connector, field);
    return (
      control === "secret" &&
      value !== properties[password] &&
      userFrom(connector, properties, field, typeOf) === "secret"
    );
  });
  return Object.fromEntries(
    others.map(([field]) => [field, "Leave this out: the secret of the password gives the username."]),
  );
}

/** Where the value of a field comes from: a user may come from the secret of its password. */
function userFrom(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  field: string,
  typeOf: TypeOf,
): "field" | "secret" | "unknown" {
  const { userOf: password } = metaOf(connector, field);
  const secretId = password && properties[password];
  if (!secretId || !fieldsShownBy(connector, properties).includes(password)) return "field";
  const subKind = typeof secretId === "string" ? typeOf(secretId) : undefined;
  if (subKind === undefined) return "unknown";
  return secretKinds[subKind].givesUser ? "secret" : "field";
}

/**
 * The properties without the users that secrets give. Such a user is stored as a script sent it, and is not used: no
 * check, attempt limit or pipeline may take it for the one that signs in.
 */
export function withoutGivenUsers<T extends Readonly<Record<string, unknown>>>(
  connector: Connector,
  properties: T,
  typeOf: TypeOf,
): T {
  const used = Object.entries(properties).filter(
    ([field]) => userFrom(connector, properties, field, typeOf) !== "secret",
  );
  return Object.fromEntries(used) as T;
}

/** The stored users that the form no longer shows, because the secret of their password gives them. */
export function unusedUsers(
  connector: Connector,
  stored: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
  typeOf: TypeOf,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stored).filter(([field]) => userFrom(connector, next, field, typeOf) === "secret"),
  );
}

/** The field of the user that belongs to a password's field; undefined for a field that is no password. */
export function userFieldOf(connector: Connector, password: string): string | undefined {
  return Object.keys(connector.fields.shape).find((field) => metaOf(connector, field).userOf === password);
}

/** True for a user that this field accepts, exactly as it is: clients read some characters as syntax. */
export function isUser(connector: Connector, field: string, user: string): boolean {
  const schema = shapeOf(connector)[field];
  if (schema === undefined || fieldMeta(schema).control === "secret") return schema !== undefined;
  const parsed = z.safeParse(schema, user);
  return parsed.success && parsed.data === user;
}

/**
 * Which of these properties, all present, validation would drop, and why: unknown ones, and those that these
 * settings do not use.
 */
export function droppedFields(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const shown = visibleFields(connector, properties);
  const dropped = Object.keys(properties).filter((field) => !shown.includes(field));
  return Object.fromEntries(
    dropped.slice(0, maxFields).map((field) => {
      const { showWhen } = metaOf(connector, field);
      const needed = Object.entries(showWhen ?? {}).map(
        ([by, values]) => `${by} is ${[values].flat().join(" or ")}`,
      );
      return [
        field,
        showWhen
          ? `Leave this out: it is used only if ${needed.join(" and ")}.`
          : `${connector.name} connections have no such property.`,
      ];
    }),
  );
}

/** A credential field that these properties show, and its chosen secret. */
export type SecretField = {
  field: string;
  title: string;
  subKinds: readonly SubKind[];
  /** The encoding in which the API accepts the value itself. */
  inline?: "base64";
  secretId: string | null;
};

/** The credential fields that these properties show. */
export function secretFields(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  typeOf: TypeOf = noTypes,
): SecretField[] {
  return visibleFields(connector, properties, typeOf).flatMap((field) => {
    const { title, subKinds = [], control, inline } = metaOf(connector, field);
    if (control !== "secret") return [];
    const id = properties[field];
    const secretId = typeof id === "string" && id !== "" ? id : null;
    return [{ field, title, subKinds, secretId, ...(inline ? { inline } : {}) }];
  });
}

/** The properties that only API clients use and no form shows. */
export function hiddenProperties(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).filter(([field]) => metaOf(connector, field).control === "hidden"),
  );
}

/** A field's metadata; without a title for a field that the connector does not have. */
export function metaOf(connector: Connector, field: string): FieldMeta {
  const schema = shapeOf(connector)[field];
  return schema === undefined ? { title: "" } : fieldMeta(schema);
}

function shapeOf(connector: Connector): Readonly<Record<string, z.core.$ZodType>> {
  return connector.fields.shape;
}

function holds(
  showWhen: ShowWhen,
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  shown: readonly string[],
): boolean {
  return Object.entries(showWhen).every(([field, expected]) => {
    const value = properties[field] ?? initialValue(connector, field);
    return shown.includes(field) && [expected].flat().some((one) => one === value);
  });
}

function initialValue(connector: Connector, field: string): unknown {
  const schema = shapeOf(connector)[field];
  const initial = schema === undefined ? undefined : z.safeParse(schema, undefined);
  return initial?.success ? initial.data : undefined;
}

function present(connector: Connector, input: unknown): Record<string, unknown> {
  if (typeof input !== "object" || input === null) return {};
  return Object.fromEntries(
    Object.entries(withoutAbsent(input)).map(([field, value]) => [
      field,
      asDocumented(metaOf(connector, field), value),
    ]),
  );
}

/**
 * A copy without the absent members, at every depth. An empty text counts as absent: clients send it for an
 * option that nobody set.
 */
export function withoutAbsent(members: object): Record<string, unknown> {
  const present = Object.entries(members).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  return Object.fromEntries(
    present.map(([name, value]) => [
      name,
      typeof value === "object" && !Array.isArray(value) ? withoutAbsent(value) : value,
    ]),
  );
}

/** A port in its documented type: some clients write a text port as a number, or a number as text. */
function asDocumented({ port }: FieldMeta, value: unknown): unknown {
  if (port === "text" && Number.isInteger(value)) return String(value);
  if (port === "number" && typeof value === "string" && /^\s*\d{1,5}\s*$/.test(value)) return Number(value);
  return value;
}
