import * as z from "zod";
import { expiryText } from "@/lib/expiry/schema";
import {
  anyKind,
  type FieldsSchema,
  newValue,
  replacement,
  type SubKind,
  secretKinds,
  subKinds,
} from "@/lib/secrets/kinds/registry";
import {
  type CreateSecretInput,
  fileNameOf,
  plainSecretName,
  secretDescription,
  type UpdateSecretInput,
} from "@/lib/secrets/schema";
import { emptyAsAbsent } from "@/web/management-api/parts";

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
  .meta({ contentEncoding: "base64", minLength: 1, description: "The file's bytes as base64." });

const encodings = { base64 };

/** A value in its shape in the API: the single value, or an object of its fields. */
function valueIn(subKind: SubKind, fields: FieldsSchema): z.ZodType {
  const kind = secretKinds[subKind];
  const { value } = fields.shape;
  if (kind.shape === "file") return encodings[kind.fields.value.encoding];
  if (value) return value;
  const { shape } = newValue(subKind);
  return z.strictObject(
    Object.fromEntries(
      Object.entries(fields.shape).map(([name, field]) => [
        name,
        shape[name]?.isOptional() ? emptyAsAbsent(field).meta({ ...field.meta() }) : field,
      ]),
    ),
  );
}

function fileNameIn(subKind: SubKind) {
  const { fileName } = fileNameOf(subKind);
  return fileName
    ? { fileName: emptyAsAbsent(fileName).meta({ description: "The name of the file, stored with it." }) }
    : {};
}

const description = secretDescription.unwrap().optional();
const keepDestinations = z.boolean().optional().meta({
  description:
    "By default, the new value may be sent to the destinations of the former one, if you replace every field or entered the others yourself. This excludes destinations that another person allowed for their own value. If false, no destination is allowed until someone allows it again.",
});

const expiresAt = expiryText.nullable().optional().meta({
  description:
    "When the value expires: a day, which lasts until its end in UTC, or a time. Without it, a new value has the date that it carries itself: of a certificate, a JWT, a shared access signature or a key file. Null removes an entered date.",
});
const owner = z.string().max(254).nullable().optional().meta({
  description: "The e-mail address of the member who takes care of it; null for the Admins of the team.",
});

/** The fields that every type of secret has in its body. */
export const secretBase = z.object({
  kind,
  subKind: z.enum(subKinds),
  properties: z.object({ name: emptyAsAbsent(plainSecretName) }),
  description,
});

type Fields = Readonly<Record<string, string | null | undefined>>;
type SecretBody<Name> = {
  kind: "prophecy";
  subKind: SubKind;
  properties: { name: Name; value?: string | Uint8Array | Fields | undefined; fileName?: string | undefined };
  description?: string | undefined;
  expiresAt?: string | null | undefined;
};

/** The id in an answer: a client may send back what it read. */
const id = z.string().max(64).optional().meta({ description: "As in answers. It is ignored." });

/** Body of createSecret. Unknown members outside `properties` are ignored: answers carry some. */
export type CreateSecretBody = SecretBody<string>;
export const createSecretBody = anyKind<CreateSecretBody>((subKind) =>
  z.object({
    kind,
    subKind: z.literal(subKind),
    properties: z.strictObject({
      id,
      name: plainSecretName,
      value: valueIn(subKind, newValue(subKind)),
      ...fileNameIn(subKind),
    }),
    description,
    expiresAt,
  }),
);

/** Body of updateSecret. Absent fields, including the value, stay unchanged. */
export type UpdateSecretBody = SecretBody<string | undefined> & {
  owner?: string | null | undefined;
  keepDestinations?: boolean | undefined;
};
export const updateSecretBody = anyKind<UpdateSecretBody>((subKind) =>
  z.object({
    kind,
    subKind: z.literal(subKind),
    properties: z.strictObject({
      id,
      name: emptyAsAbsent(plainSecretName),
      value: valueIn(subKind, replacement(subKind)).optional(),
      ...fileNameIn(subKind),
    }),
    description,
    expiresAt,
    owner,
    keepDestinations,
  }),
);

/** A connection's reference to a secret. Only the id counts; the name is a label and may be outdated. */
export const secretReferenceIn = z.object({
  kind,
  subKind: z.enum(subKinds),
  type: z.literal("secret"),
  properties: z.object({ id: z.string().min(1).max(64), name: z.string() }),
});

/** Converts the body to the input of Add Secret. */
export function createInputOf({
  subKind,
  properties,
  description = "",
  expiresAt,
}: CreateSecretBody): CreateSecretInput {
  const { name, fileName } = properties;
  // The body's schema is that of the type, so the fields match the type. So they do in `replacementOf`.
  const fields = fieldsOf(properties);
  return {
    ...{ subKind, name, description, fields, fileName },
    ...(expiresAt ? { expiresAt } : {}),
  } as CreateSecretInput;
}

/** Converts the body's new value to the input of Replace value; undefined when the body sets no field. */
export function replacementOf({ subKind, properties }: UpdateSecretBody): UpdateSecretInput["replacement"] {
  const fields = fieldsOf(properties);
  if (!Object.values(fields).some((field) => field !== undefined)) return undefined;
  return { subKind, fields, fileName: properties.fileName } as UpdateSecretInput["replacement"];
}

function fieldsOf({ value }: CreateSecretBody["properties"] | UpdateSecretBody["properties"]): object {
  return typeof value === "string" || value instanceof Uint8Array ? { value } : (value ?? {});
}

/** Maps a field of Add Secret to its path in the body: `fields.password` → `properties.value.password`. */
export function bodyPathOf(field: string): string {
  if (field === "name") return "properties.name";
  return field.replace(/^fields\.value$/, "properties.value").replace(/^fields\./, "properties.value.");
}
