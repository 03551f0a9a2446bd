import * as z from "zod";
import { binary } from "@/lib/secrets/kinds/binary";
import type { SecretField, SecretKind } from "@/lib/secrets/kinds/define";
import { m2mOauth } from "@/lib/secrets/kinds/m2m-oauth";
import { text } from "@/lib/secrets/kinds/text";
import { usernamePassword } from "@/lib/secrets/kinds/username-password";

const registered = {
  text,
  binary,
  username_password: usernamePassword,
  m2m_oauth: m2mOauth,
} as const;

export type SubKind = keyof typeof registered;

/** The types of secret by API name, in the order of the dialog. */
export const secretKinds: { readonly [K in SubKind]: SecretKind<K> } = registered;
export const subKinds = Object.keys(secretKinds) as [SubKind, ...SubKind[]];

/** True for the API name of a secret type. */
export function isSubKind(value: string): value is SubKind {
  return Object.hasOwn(secretKinds, value);
}

/** The sealed fields of a type, by API name, in the order of the form. */
export function fieldsOf(subKind: SubKind): Readonly<Record<string, SecretField>> {
  return secretKinds[subKind].fields;
}

/** True for a type with one value, whose field is `value`. */
export function isSingleValue(subKind: SubKind): boolean {
  return secretKinds[subKind].shape !== "fields";
}

type Kind<K extends SubKind> = (typeof registered)[K];
type Shape<F> = F extends Readonly<Record<string, SecretField>> ? { [N in keyof F]: F[N]["schema"] } : never;

/** The fields of a new value of a type, before they are sealed. */
export type NewValue<K extends SubKind> = z.output<z.ZodObject<Shape<Kind<K>["fields"]>>>;

/** The fields of a replacement. An absent field is kept; null clears an optional one. */
export type Replacement<K extends SubKind> = Kind<K>["shape"] extends "fields"
  ? { [N in keyof NewValue<K>]?: NewValue<K>[N] | (undefined extends NewValue<K>[N] ? null : undefined) }
  : NewValue<K>;

/** The opened value of each type: a string, bytes, or an object of texts. */
export type Opened = {
  [K in SubKind]: { text: string; file: Uint8Array; fields: NewValue<K> }[Kind<K>["shape"]];
};

/** A schema for the fields of a type. */
export type FieldsSchema = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

/** The schema of `NewValue`. */
export function newValue(subKind: SubKind): FieldsSchema {
  return z.object(
    Object.fromEntries(
      Object.entries(fieldsOf(subKind)).map(([name, { schema, title }]) => [name, schema.meta({ title })]),
    ),
  );
}

/** The schema of `Replacement`. */
export function replacement(subKind: SubKind): FieldsSchema {
  const whole = newValue(subKind);
  if (isSingleValue(subKind)) return whole;
  const optional = Object.entries(whole.shape).filter(([, schema]) => schema.isOptional());
  return whole
    .partial()
    .extend(Object.fromEntries(optional.map(([name, schema]) => [name, schema.nullable()])));
}

/**
 * One schema for all types, told apart by `subKind`, which each variant has. `T` is what the variants accept
 * together: TypeScript cannot derive a union from a loop.
 */
export function anyKind<T>(variant: (subKind: SubKind) => z.ZodObject): z.ZodType<T> {
  const [first, ...rest] = subKinds;
  return z.discriminatedUnion("subKind", [variant(first), ...rest.map(variant)]) as unknown as z.ZodType<T>;
}
