import { z } from "zod";
import { secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import {
  type CreateSecretInput,
  plainSecretName,
  type ReplaceSecretInput,
  secretDescription,
  fileName as storedFileName,
} from "@/lib/secrets/schema";

const kind = z
  .literal("prophecy", "Secret Store not found: “kind” is “prophecy”.")
  .meta({ description: "The secret manager, always `prophecy`." });

/** Bytes as base64 (RFC 4648 §4). Whitespace is ignored, because command-line tools insert line breaks. */
export const base64 = z
  .string()
  .transform((text) => text.replace(/\s+/g, ""))
  .refine(
    (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
    "This is not base64 (RFC 4648 §4, with padding).",
  )

  .transform((text) => {
    // Own memory instead of Buffer's shared pool, so that it can be overwritten after sealing.
    const bytes = new Uint8Array(Buffer.byteLength(text, "base64"));
    Buffer.from(bytes.buffer).write(text, "base64");
    return bytes;
  })
  .refine((bytes) => bytes.length > 0, "The file is empty.")
  .meta({ contentEncoding: "base64", description: "The file's bytes as base64." });

const fileName = storedFileName.meta({ description: "The name of the file, kept beside it." });
const { text, username_password: usernamePassword, m2m_oauth: m2mOauth } = secretKinds;
const description = secretDescription.unwrap().optional();
const keepDestinations = z.boolean().optional().meta({
  description:
    "By default the new value may be sent wherever the former one might, when you replace every field or entered the others yourself. Destinations that a colleague allowed for their own value are left out. False: nowhere, until somebody allows it again.",
});

/** The fields that every type of secret has in its body. */
export const secretBase = z.object({
  kind,
  subKind: z.enum(subKinds),
  properties: z.object({ name: plainSecretName.optional() }),
  description,
});

/** Body of createSecret. Unknown members are ignored, because clients of the documented product send some. */
export const createSecretBody = z.discriminatedUnion("subKind", [
  z.object({
    kind,
    subKind: z.literal("text"),
    properties: z.object({ name: plainSecretName, value: text.fields.shape.value }),
    description,
  }),
  z.object({
    kind,
    subKind: z.literal("binary"),
    properties: z.object({ name: plainSecretName, value: base64, fileName }),
    description,
  }),
  z.object({
    kind,
    subKind: z.literal("username_password"),
    properties: z.object({ name: plainSecretName, value: usernamePassword.fields }),
    description,
  }),
  z.object({
    kind,
    subKind: z.literal("m2m_oauth"),
    properties: z.object({ name: plainSecretName, value: m2mOauth.fields }),
    description,
  }),
]);
export type CreateSecretBody = z.infer<typeof createSecretBody>;

/** Body of updateSecret. Absent fields, including the value, stay unchanged. */
export const updateSecretBody = z.discriminatedUnion("subKind", [
  z.object({
    kind,
    subKind: z.literal("text"),
    properties: z.object({ name: plainSecretName.optional(), value: text.fields.shape.value.optional() }),
    description,
    keepDestinations,
  }),
  z.object({
    kind,
    subKind: z.literal("binary"),
    properties: z.object({ name: plainSecretName.optional(), value: base64.optional(), fileName }),
    description,
    keepDestinations,
  }),
  z.object({
    kind,
    subKind: z.literal("username_password"),
    properties: z.object({
      name: plainSecretName.optional(),
      value: usernamePassword.fields.partial().optional(),
    }),
    description,
    keepDestinations,
  }),
  z.object({
    kind,
    subKind: z.literal("m2m_oauth"),
    properties: z.object({
      name: plainSecretName.optional(),
      value: m2mOauth.fields.partial().extend({ scope: m2mOauth.fields.shape.scope.nullable() }).optional(),
    }),
    description,
    keepDestinations,
  }),
]);
export type UpdateSecretBody = z.infer<typeof updateSecretBody>;

/** A connection's reference to a secret. Only the id counts; the name is a label and may be outdated. */
export const secretReferenceIn = z.object({
  kind,
  subKind: z.enum(subKinds),
  type: z.literal("secret"),
  properties: z.object({ id: z.string().min(1).max(64), name: z.string() }),
});

/** Converts the body to the input of Add Secret. */
export function createInputOf(body: CreateSecretBody): CreateSecretInput {
  const { description = "" } = body;
  const { name } = body.properties;
  switch (body.subKind) {
    case "text":
      return { subKind: body.subKind, name, description, fields: { value: body.properties.value } };
    case "binary": {
      const { value, fileName } = body.properties;
      return { subKind: body.subKind, name, description, fields: { value }, fileName };
    }
    case "username_password":
      return { subKind: body.subKind, name, description, fields: body.properties.value };
    case "m2m_oauth":
      return { subKind: body.subKind, name, description, fields: body.properties.value };
  }
}

/** Converts the body's new value to the input of Replace value; undefined when the body sets no field. */
export function replacementOf(
  body: UpdateSecretBody,
): Pick<ReplaceSecretInput, "subKind" | "fields" | "fileName"> | undefined {
  const fields = fieldsOf(body);
  if (!Object.values(fields).some((field) => field !== undefined)) return undefined;
  const fileName = body.subKind === "binary" ? body.properties.fileName : undefined;
  // Each type's fields come from its own schema, so the fields match the type.
  return { subKind: body.subKind, fields, fileName } as Pick<
    ReplaceSecretInput,
    "subKind" | "fields" | "fileName"
  >;
}

function fieldsOf({ properties: { value } }: UpdateSecretBody): object {
  return typeof value === "string" || value instanceof Uint8Array ? { value } : (value ?? {});
}

/** Maps a field of Add Secret to its path in the body: `fields.password` → `properties.value.password`. */
export function bodyPathOf(field: string): string {
  if (field === "name") return "properties.name";
  return field.replace(/^fields\.value$/, "properties.value").replace(/^fields\./, "properties.value.");
}
