import { z } from "zod";
import type { Destination } from "@/lib/connectors/destination";

/** The four types of secret, by their names in the API. */
export const subKinds = ["text", "binary", "username_password", "m2m_oauth"] as const;
export type SubKind = (typeof subKinds)[number];

/** Which sealed fields of a secret of this type a check opens. */
export const openFields = {
  text: ["value"],
  binary: ["value"],
  username_password: ["username", "password"],
  m2m_oauth: ["clientId", "clientSecret", "authUrl", "scope"],
} as const satisfies Record<SubKind, readonly string[]>;

/** What a check receives in place of a secret's id, by the secret's type. */
export type Opened = {
  text: string;
  binary: Uint8Array;
  username_password: { username: string; password: string };
  m2m_oauth: { clientId: string; clientSecret: string; authUrl: string; scope?: string | undefined };
};

declare const opensTo: unique symbol;
/** The id of a secret in a connection's properties; the brand says what a check gets in its place. */
export type SecretRef<K extends SubKind> = string & { readonly [opensTo]: K };

/** Properties as a check sees them: each secret's id replaced by what it opens to. */
export type OpenedProperties<T> = {
  [F in keyof T]: Exclude<T[F], undefined> extends SecretRef<infer K>
    ? Opened[K] | Extract<T[F], undefined>
    : T[F];
};

/**
 * The controls that a form must know; a field without one is drawn by its JSON type. `hidden` fields are kept for clients
 * of the API and mean nothing to a check.
 */
export const controls = ["text", "number", "select", "secret", "hostKey", "hidden"] as const;
export type Control = (typeof controls)[number];

/** Shown only while each named field has this value, or one of these values. */
export type ShowWhen = Record<string, string | readonly string[]>;

/** Metadata of a field, carried by zod and by the JSON Schema that the form is drawn from. */
export type FieldMeta = {
  title: string;
  placeholder?: string;
  help?: string;
  control?: Control;
  /** For `select`: the words for each value. */
  labels?: Record<string, string>;
  /** For `select`: values that are shown, with these words, and cannot be chosen. */
  unavailable?: Record<string, string>;
  /** For `secret`: the types of secret that fit. */
  subKinds?: readonly SubKind[];
  /** For `secret`: the API takes the value itself too, so encoded, and makes a secret of it. */
  inline?: "base64";
  showWhen?: ShowWhen;
  /** The field may not be empty while it is shown (JSON Schema's `required` cannot say this). */
  requiredWhenShown?: boolean;
};

/** What is known in clear of a referenced secret; `authHost` is "host:port" of an M2M OAuth secret's Auth URL. */
export type SecretFacts = { subKind: SubKind; authHost?: string };

/** Public facts of the referenced secrets, by the field that references them. */
export type FactsByField = Readonly<Record<string, SecretFacts | undefined>>;

/** The groups of the gallery, in its order. */
export const connectorGroups = {
  warehouse: "Warehouses",
  database: "Databases",
  files: "Files",
  application: "Applications",
  messaging: "Messaging",
  web: "Web",
} as const;
export type ConnectorGroup = keyof typeof connectorGroups;

/**
 * One kind of connection: the only description of its form, validation, API and types.
 * `destinations` lists every place that its secrets go to; `conflicts` holds rules between several fields.
 */
export type Connector<F extends z.ZodObject = z.ZodObject> = {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly group: ConnectorGroup;
  /** It may be the one SQL warehouse of its fabric. */
  readonly isWarehouse?: true;
  /** Which rights the credential needs, in one or two sentences. */
  readonly rights: string;
  /** The vendor's page on how such a credential is made. */
  readonly credentialPage: string;
  /** Words for a step that means something else here, such as the host key of SFTP. */
  readonly stepTitles?: Readonly<Record<string, string>>;
  readonly fields: F;
  // Method syntax on purpose: a registry holds connectors whose properties differ.
  destinations(properties: z.output<F>, facts: FactsByField): Destination[];
  conflicts?(properties: z.output<F>): Record<string, string>;
};

/** Declares a kind of connection; exists for inference. */
export function defineConnector<const K extends string, F extends z.ZodObject>(
  connector: Connector<F> & { readonly kind: K },
): Connector<F> & { readonly kind: K } {
  return connector;
}

/** A field that holds the id of a secret of one of these types; drawn as the secret picker. */
export function secretRef<const K extends SubKind>(
  kinds: K | readonly K[],
  meta: Pick<FieldMeta, "title" | "help" | "inline">,
): z.ZodType<SecretRef<K>, string> {
  const schema = z
    .string("Choose a secret.")
    .min(1, "Choose a secret.")
    .max(64)
    .meta({ ...meta, control: "secret", subKinds: Array.isArray(kinds) ? [...kinds] : [kinds] });
  // The brand's only mint: the id stays a string, its type remembers what it opens to.
  return schema as unknown as z.ZodType<SecretRef<K>, string>;
}

/** A field that is not required; keeps the metadata of the schema that it wraps. */
export function optional<T extends z.ZodType>(schema: T): z.ZodOptional<T> {
  return schema.optional().meta({ ...schema.meta() });
}

/** A field that is shown, and then required unless it was optional already, only while `showWhen` holds. */
export function when<T extends z.ZodType>(showWhen: ShowWhen, schema: T): z.ZodOptional<T> {
  const requiredWhenShown = !schema.safeParse(undefined).success;
  return schema.optional().meta({ ...schema.meta(), showWhen, requiredWhenShown });
}

/** The metadata of a field; every field of a registered connector has a title (a test says so). */
export function fieldMeta(schema: z.core.$ZodType): FieldMeta {
  const meta = z.globalRegistry.get(schema) as FieldMeta | undefined;
  return meta ?? { title: "" };
}
