import * as z from "zod";
import { connectors } from "@/lib/connectors/registry";
import { anyKind, fieldsOf, type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

const name = z.string().meta({ description: "The present name, also when a former one was requested." });
const version = z.int().min(1);

/** The answer for one secret. */
export type SecretAnswer = {
  name: string;
  subKind: SubKind;
  version: number;
  value: string | Record<string, string>;
  encoding?: string;
};

/** Schema of `SecretAnswer`: the value's form follows from the type. */
export const secretAnswerSchema = anyKind<SecretAnswer>((subKind) => {
  const kind = secretKinds[subKind];
  const common = { name, subKind: z.literal(subKind), version, value: valueSchema(subKind) };
  return kind.shape === "file"
    ? z.object({ ...common, encoding: z.literal(kind.fields.value.encoding) })
    : z.object(common);
});

function valueSchema(subKind: SubKind): z.ZodType {
  const kind = secretKinds[subKind];
  if (kind.shape === "text") return z.string();
  if (kind.shape === "file") return z.string().meta({ contentEncoding: kind.fields.value.encoding });
  return z.object(
    Object.fromEntries(
      Object.entries(fieldsOf(subKind)).map(([field, { schema, title }]) => {
        const text = z.string().meta({ title });
        return [field, schema.isOptional() ? text.optional() : text];
      }),
    ),
  );
}

/** Several secrets, in the order of the requested names. */
export const batchAnswerSchema = z.object({ secrets: z.array(secretAnswerSchema) });

const kinds = Object.keys(connectors) as [string, ...string[]];

/** A connection with its secrets filled in. */
export const connectionAnswerSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(kinds),
  properties: z.record(z.string(), z.unknown()).meta({
    description: "The properties by their API names, each reference to a secret replaced by its value.",
  }),
  secrets: z
    .record(z.string(), z.object({ name: z.string(), subKind: z.enum(subKinds), version }))
    .meta({ description: "The secret of each property that references one." }),
});

/** A bearer token, as in RFC 6749 §5.1, and the version of the secret that bought it. */
export const tokenAnswerSchema = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().min(0).meta({ description: "Seconds." }),
  version,
});

const names = z.array(z.string());
const tokenKind = z.enum(["pipeline_token", "workload_token"]);
export type TokenKind = z.output<typeof tokenKind>;

/** The token that the request sent. */
export const whoamiAnswerSchema = z.object({
  fabric: z.object({ id: z.string(), name: z.string() }),
  token: z.object({
    kind: tokenKind,
    name: z.string(),
    expiresAt: z.iso.datetime().nullable(),
  }),
  limits: z.object({ secrets: names, connections: names }).nullable().meta({
    description: "The names that the token may use; null when it may use everything in the fabric.",
  }),
});

/** The body of every refusal. */
export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    errors: z
      .array(z.object({ index: z.int(), name: z.string(), code: z.string() }))
      .optional()
      .meta({ description: "Of a batch: the names that failed." }),
  }),
});
