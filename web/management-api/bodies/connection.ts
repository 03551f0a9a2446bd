import "server-only";
import * as z from "zod";
import { connectionDescription, connectionName } from "@/lib/connections/schema";
import { indexerSecretPath, memberAt, withMember } from "@/lib/connectors/nested-reference";
import { connectors, findConnector } from "@/lib/connectors/registry";
import type { SecretField } from "@/lib/connectors/validate";
import { droppedFields, secretFields, validate, withoutAbsent } from "@/lib/connectors/validate";
import { ok, under } from "@/lib/result";
import { type ApiResult, failure, invalidField } from "@/web/management-api/answer";
import { base64, secretReferenceIn } from "@/web/management-api/bodies/secret";
import { emptyAsAbsent } from "@/web/management-api/parts";

/** Stands for the secret that the same request creates, in the connection's properties. */
export const secretPlaceholder = "{{SECRET}}";

/** The properties of any kind. The kind's own schema validates them. */
const connectionProperties = z.record(z.string().max(64), z.unknown()).meta({
  description:
    "Depends on the kind: see `postgresProperties` and the others in the schemas of `/api/openapi.json`. Every credential is a reference to a secret. A kind with `tlsMode` verifies the server’s certificate by default: send `caCertificate` for a private authority, or `tlsMode` `require` or `disable`.",
});

const common = {
  name: connectionName,
  // The kind's own schema is looked up later, so that an unknown kind hides no other error.
  kind: z
    .string()
    .max(64)
    .meta({ enum: Object.keys(connectors) }),
  properties: connectionProperties,
  description: connectionDescription.unwrap().optional(),
};

/** Body of createConnection. */
export const createConnectionBody = z.object({
  ...common,
  isDefaultWarehouseConnection: z.boolean().default(false),
});
/** Body of updateConnection. `name`, `kind` and `isDefaultWarehouseConnection` cannot change. */
export const updateConnectionBody = z.object({ ...common, isDefaultWarehouseConnection: z.boolean() });
/** Body of checkConnection. */
export const checkConnectionBody = z.object({
  kind: common.kind,
  properties: connectionProperties,
  name: emptyAsAbsent(connectionName),
});

/**
 * Properties as stored: each credential is a secret's id. `inline` is a value that was given instead of a
 * reference.
 */
export type ReadProperties = {
  properties: Record<string, unknown>;
  inline: { field: string; value: string } | null;
};

/**
 * Converts properties from their form in the API. Each credential must be a reference, the placeholder (with
 * `placeholderId`), or a value that its field accepts inline. Any other is an error at its path.
 */
export function readProperties(
  kind: string,
  input: Record<string, unknown>,
  placeholderId?: string,
): ApiResult<ReadProperties> {
  const connector = findConnector(kind);
  if (!connector) return invalidField("kind", "Unknown kind of connection.");
  const properties = { ...input };
  const given = withoutAbsent(input);
  const fieldErrors: Record<string, string> = {};
  let inline: ReadProperties["inline"] = null;
  for (const field of secretFields(connector, given)) {
    const value = given[field.field];
    if (value === undefined) continue;
    const read = readCredential(field, value, placeholderId);
    if ("error" in read) fieldErrors[`properties.${field.field}`] = read.error;
    else if ("inline" in read) inline = { field: field.field, value: read.inline };
    else properties[field.field] = read.secretId;
  }
  const kept = memberAt(given, indexerSecretPath);
  const read = kept === undefined ? null : readCredential({ title: "Client secret" }, kept, placeholderId);
  if (read && "secretId" in read)
    properties.kgConfig = withMember(properties, indexerSecretPath, read.secretId).kgConfig;
  if (read && "error" in read) fieldErrors[`properties.${indexerSecretPath}`] = read.error;
  Object.assign(fieldErrors, under("properties", droppedFields(connector, given)));
  if (Object.keys(fieldErrors).length > 0) {
    // Report all errors at once. Credential errors use the messages above.
    const validated = validate(connector, properties);
    const others = validated.ok ? {} : under("properties", validated.fieldErrors);
    return failure("invalid", undefined, { ...others, ...fieldErrors });
  }
  return ok({ properties, inline });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readCredential(
  { inline, title }: Pick<SecretField, "inline" | "title">,
  value: unknown,
  placeholderId: string | undefined,
): { secretId: string } | { inline: string } | { error: string } {
  if (value === secretPlaceholder)
    return placeholderId === undefined
      ? {
          error: `${secretPlaceholder} stands for a secret that the same request creates, but this request has none.`,
        }
      : { secretId: placeholderId };
  const reference = secretReferenceIn.safeParse(value);
  if (reference.success) return { secretId: reference.data.properties.id };
  if (inline === undefined || typeof value !== "string")
    return {
      error: `${title} must be a reference to a secret: {"kind":"prophecy","subKind":…,"type":"secret","properties":{"id":…,"name":…}}.`,
    };
  const bytes = base64.safeParse(value);
  if (!bytes.success) return { error: bytes.error.issues[0]?.message ?? "This is not base64." };
  try {
    return { inline: utf8.decode(bytes.data) };
  } catch {
    return { error: `${title} is not text: store it as a Binary secret, and reference that.` };
  }
}
