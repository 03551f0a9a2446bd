import * as z from "zod";

/** The largest text field, in bytes of UTF-8. */
export const maxTextBytes = 64 * 1024;

type Field<S extends z.ZodType> = {
  /** Its label on screens, and its question in the command line. */
  readonly title: string;
  /** The values that it accepts. A field that accepts `undefined` is optional. */
  readonly schema: S;
  readonly hint?: string;
  readonly placeholder?: string;
};

/**
 * A sealed text. Its control is one line, one masked line, or several lines. The command line echoes a `line`
 * alone.
 */
export type TextField<S extends z.ZodType<string | undefined> = z.ZodType<string | undefined>> = Field<S> & {
  readonly control: "line" | "password" | "lines";
};

/**
 * A sealed file. JSON carries its bytes in `encoding`. Its name, its size and the subject of a certificate are
 * public.
 */
export type FileField = Field<z.ZodType<Uint8Array>> & {
  readonly control: "file";
  readonly encoding: "base64";
};

export type SecretField = TextField | FileField;
type TextFields<N extends string = string> = Readonly<Record<N, TextField>>;

type Labels = {
  readonly label: string;
  /** Explains the type's purpose in the dialog. */
  readonly description: string;
  readonly icon: "key" | "file" | "login" | "client";
};

/**
 * The shape of a value, in the management API and as pipelines and checks receive it: a string, the bytes of a
 * file, or an object of texts. A single value has the field `value`.
 */
type Shape =
  | { readonly shape: "text"; readonly fields: { readonly value: TextField<z.ZodType<string>> } }
  | { readonly shape: "file"; readonly fields: { readonly value: FileField } }
  | { readonly shape: "fields"; readonly fields: TextFields & { readonly value?: never } };

/** The fields of a client that buys bearer tokens (RFC 6749 §4.4). */
type ClientFields = TextFields<"clientId" | "clientSecret" | "authUrl">;

/**
 * `givesTokens`: automate buys bearer tokens with the value. The host of `authUrl` is then public, and is a
 * destination.
 */
type Tokens =
  | { readonly givesTokens?: never }
  | { readonly givesTokens: true; readonly fields: ClientFields };

/** `givesUser`: the value has a user next to the password, so it fills both fields of a sign-in. */
type User =
  | { readonly givesUser?: never }
  | { readonly givesUser: true; readonly fields: TextFields<"username" | "password"> };

/**
 * One type of secret: the single source of its form, its API bodies, its prompts in the command line, and the
 * value that it opens to. All of its fields are sealed.
 */
export type SecretKind<K extends string = string> = { readonly subKind: K } & Labels & Shape & Tokens & User;

/** Declares a type of secret. Exists only for type inference. */
export function defineSecretKind<const T extends SecretKind>(kind: T): T {
  return kind;
}

/**
 * A text that is stored byte for byte: never trimmed or normalised. `rule` is a further condition, and the
 * sentence for values that fail it.
 */
export function textField<const L extends Omit<TextField, "schema">>({
  maxBytes = maxTextBytes,
  rule: [holds, message] = [() => true, ""],
  ...options
}: L & { maxBytes?: number; rule?: readonly [(value: string) => boolean, string] }) {
  const { title } = options;
  const schema = z
    .string()
    .min(1, `${title} is empty.`)
    .refine(
      (value) => value.isWellFormed(),
      `${title} is not valid Unicode text: store it as a Binary secret.`,
    )
    .refine(
      (value) => new TextEncoder().encode(value).length <= maxBytes,
      `${title} is larger than ${maxBytes >= 1024 ? `${maxBytes / 1024} KiB` : `${maxBytes} bytes`}.`,
    )
    .refine(holds, message);
  return { ...options, schema };
}
