import * as z from "zod";
import type { Destination } from "@/lib/connectors/destination";
import type { Opened, SubKind } from "@/lib/secrets/kinds/registry";

declare const opensTo: unique symbol;
/** The id of a secret in a connection's properties. The brand records the type of its opened value. */
export type SecretRef<K extends SubKind> = string & { readonly [opensTo]: K };

/** Properties as a check receives them: opened values replace the secrets' ids. */
export type OpenedProperties<T> = {
  [F in keyof T]: Exclude<T[F], undefined> extends SecretRef<infer K>
    ? Opened[K] | Extract<T[F], undefined>
    : T[F];
};

/**
 * The form controls. A field without one gets a control by its JSON type. `hidden` fields are only stored for
 * API clients; checks ignore them.
 */
export const controls = ["text", "number", "select", "secret", "hostKey", "hidden"] as const;
export type Control = (typeof controls)[number];

/** Shows the field only while each named field has this value, or one of these values. */
export type ShowWhen = Record<string, string | readonly string[]>;

/** A field's metadata, in zod and in the JSON Schema that describes the form. */
export type FieldMeta = {
  title: string;
  placeholder?: string;
  help?: string;
  control?: Control;
  /** For `select`: the label of each value. */
  labels?: Record<string, string>;
  /** For `select`: values that are shown with these labels but disabled. */
  unavailable?: Record<string, string>;
  /** For `select`: what an API client does instead of such a value. */
  instead?: string;
  /** For a port: the type that it is stored in. Validation converts the other one. */
  port?: "text" | "number";
  /** For `secret`: the types of secret that the field accepts. */
  subKinds?: readonly SubKind[];
  /** For the field of a user: the password's field. A secret there that gives the user makes this one unused. */
  userOf?: string;
  /** For `secret`: the API also accepts the value itself in this encoding, and creates a secret for it. */
  inline?: "base64";
  showWhen?: ShowWhen;
  /** The field is required while it is shown. JSON Schema's `required` cannot express this. */
  requiredWhenShown?: boolean;
};

/**
 * The public metadata of a referenced secret. `authHost` is "host:port" of an M2M OAuth secret's Auth URL.
 */
export type ReferenceMetadata = { subKind: SubKind; authHost?: string };

/** The metadata of referenced secrets, by the field that references them. */
export type MetadataByField = Readonly<Record<string, ReferenceMetadata | undefined>>;

/** The groups of the gallery, in order. */
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
 * One kind of connection: the single source of its form, validation, API and types.
 * `destinations` lists all destinations of its secrets. `conflicts` contains rules across several fields.
 */
export type Connector<F extends z.ZodObject = z.ZodObject> = {
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly group: ConnectorGroup;
  /** Other words by which people search for this kind: abbreviations, products and formats. */
  readonly keywords?: string;
  /** May be the SQL warehouse of its fabric. */
  readonly isWarehouse?: true;
  /** The permissions that the login needs, in one or two sentences. */
  readonly rights: string;
  /** The vendor's page on creating such a login. */
  readonly credentialPage: string;
  /** Titles for steps that differ for this kind, such as SFTP's host key. */
  readonly stepTitles?: Readonly<Record<string, string>>;
  readonly fields: F;
  // Method syntax on purpose: its looser type check lets a registry hold connectors with different
  // properties.
  destinations(properties: z.output<F>, metadata: MetadataByField): Destination[];
  conflicts?(properties: z.output<F>): Record<string, string>;
};

/** Declares a kind of connection. Exists only for type inference. */
export function defineConnector<const K extends string, F extends z.ZodObject>(
  connector: Connector<F> & { readonly kind: K },
): Connector<F> & { readonly kind: K } {
  return connector;
}

/** A field that holds the id of a secret of one of these types. The form shows the secret picker. */
export function secretRef<const K extends SubKind>(
  kinds: K | readonly K[],
  meta: Pick<FieldMeta, "title" | "help" | "inline">,
): z.ZodType<SecretRef<K>, string> {
  const schema = z
    .string("Choose a secret.")
    .min(1, "Choose a secret.")
    .max(64)
    .meta({ ...meta, control: "secret", subKinds: Array.isArray(kinds) ? [...kinds] : [kinds] });
  // The only place that creates the brand. At run time the id is a plain string.
  return schema as unknown as z.ZodType<SecretRef<K>, string>;
}

/**
 * The password of a sign-in. The field also accepts a type of secret that gives the user: it then fills the field of
 * `userOf` too. A check and a pipeline receive both as texts, whatever the type of secret.
 */
export function passwordRef(meta: Pick<FieldMeta, "title" | "help">): z.ZodType<SecretRef<"text">, string> {
  const help = [meta.help, "A Username & Password secret gives the username too."].filter(Boolean).join(" ");
  const schema = secretRef(["text", "username_password"], { ...meta, help });
  return schema as unknown as z.ZodType<SecretRef<"text">, string>;
}

/** The user of a sign-in. The field is not used while the secret of the field `password` gives the user. */
export function userOf<T extends z.ZodType>(password: string, schema: T): T {
  return schema.meta({ ...schema.meta(), userOf: password });
}

/** Makes a field optional and keeps its metadata. */
export function optional<T extends z.ZodType>(schema: T): z.ZodOptional<T> {
  return schema.optional().meta({ ...schema.meta() });
}

/** Shows a field only while `showWhen` holds. It is then required, unless `schema` was already optional. */
export function when<T extends z.ZodType>(showWhen: ShowWhen, schema: T): z.ZodOptional<T> {
  const requiredWhenShown = !schema.safeParse(undefined).success;
  return schema.optional().meta({ ...schema.meta(), showWhen, requiredWhenShown });
}

/** A field's metadata. A test ensures that each field of a registered connector has a title. */
export function fieldMeta(schema: z.core.$ZodType): FieldMeta {
  const meta = z.globalRegistry.get(schema) as FieldMeta | undefined;
  return meta ?? { title: "" };
}
