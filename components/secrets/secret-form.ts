import { toNestErrors } from "@hookform/resolvers";
import type { FieldErrors, FieldValues, Resolver, ResolverOptions } from "react-hook-form";
import type { z } from "zod";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { type CreateSecretInput, createSecretInput } from "@/lib/secrets/schema";

/**
 * The value fields of every type, as the controls hold them. A file is a `File`, which is cheap to compare.
 */
export type SecretValues = {
  fields: {
    value: string;
    username: string;
    password: string;
    clientId: string;
    clientSecret: string;
    authUrl: string;
    scope: string;
  };
  file: File | null;
};

export type SecretFormValues = SecretValues & { subKind: SubKind; name: string; description: string };

export const emptyValues: SecretValues = {
  fields: { value: "", username: "", password: "", clientId: "", clientSecret: "", authUrl: "", scope: "" },
  file: null,
};

/** Converts the form's values to the action's input, using the action's schema. */
export const resolveNewSecret: Resolver<SecretFormValues, unknown, CreateSecretInput> = async (
  { subKind, name, description, ...values },
  _context,
  options,
) => {
  const { fields, fileName } = await valueInput(subKind, values);
  const input = { subKind, name, description, fields, ...(fileName ? { fileName } : {}) };
  return resolved(createSecretInput.safeParse(input), options);
};

/** The value fields of one type as its schema takes them: a file as bytes, and without an empty Scope. */
export async function valueInput(
  subKind: SubKind,
  { fields, file }: SecretValues,
): Promise<{ fields: Record<string, unknown>; fileName?: string }> {
  switch (subKind) {
    case "text":
      return { fields: { value: fields.value } };
    case "binary":
      return file
        ? { fields: { value: new Uint8Array(await file.arrayBuffer()) }, fileName: file.name }
        : { fields: {} };
    case "username_password":
      return { fields: { username: fields.username, password: fields.password } };
    case "m2m_oauth": {
      const { clientId, clientSecret, authUrl, scope } = fields;
      return { fields: { clientId, clientSecret, authUrl, ...(scope ? { scope } : {}) } };
    }
  }
}

/** Converts a schema's outcome to a resolver's result. */
export function resolved<T extends FieldValues, F extends FieldValues>(
  parsed: z.ZodSafeParseResult<T>,
  options: ResolverOptions<F>,
): { values: T; errors: Record<string, never> } | { values: Record<string, never>; errors: FieldErrors<F> } {
  if (parsed.success) return { values: parsed.data, errors: {} };
  const first: Record<string, { type: string; message: string }> = {};
  for (const { path, code, message } of parsed.error.issues)
    first[path.join(".")] ??= { type: code, message };
  // React Hook Form nests its errors; toNestErrors builds them from flat paths.
  return { values: {}, errors: toNestErrors<F>(first as FieldErrors<F>, options as never) };
}

export type CreatedSecret = { id: string; name: string; subKind: SubKind };
