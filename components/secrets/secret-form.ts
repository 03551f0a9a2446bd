import { toNestErrors } from "@hookform/resolvers";
import type { FieldErrors, FieldValues, Resolver, ResolverOptions } from "react-hook-form";
import type { z } from "zod";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { type CreateSecretInput, createSecretInput } from "@/lib/secrets/schema";

/** The value fields of every type, as the controls hold them. A file is held as a `File`, which is cheap to compare. */
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

/** Resolves the form to what the action takes, by the schema of the action. */
export const resolveNewSecret: Resolver<SecretFormValues, unknown, CreateSecretInput> = async (
  { subKind, name, description, ...values },
  _context,
  options,
) => {
  const { fields, fileName } = await valueInput(subKind, values);
  const input = { subKind, name, description, fields, ...(fileName ? { fileName } : {}) };
  return resolved(createSecretInput.safeParse(input), options);
};

/** The value fields of one type as its schema takes them: a file as bytes, an empty Scope left out. */
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

/** What a resolver returns for the outcome of a schema. */
export function resolved<T extends FieldValues, F extends FieldValues>(
  parsed: z.ZodSafeParseResult<T>,
  options: ResolverOptions<F>,
): { values: T; errors: Record<string, never> } | { values: Record<string, never>; errors: FieldErrors<F> } {
  if (parsed.success) return { values: parsed.data, errors: {} };
  const first: Record<string, { type: string; message: string }> = {};
  for (const { path, code, message } of parsed.error.issues)
    first[path.join(".")] ??= { type: code, message };
  // Field errors of RHF are a deep type of its own making; toNestErrors builds them from flat paths.
  return { values: {}, errors: toNestErrors<F>(first as FieldErrors<F>, options as never) };
}

export type CreatedSecret = { id: string; name: string; subKind: SubKind };
