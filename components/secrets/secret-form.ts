import { toNestErrors } from "@hookform/resolvers";
import type { FieldErrors, FieldValues, Resolver, ResolverOptions } from "react-hook-form";
import type * as z from "zod";
import { fieldsOf, type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import { type CreateSecretInput, createSecretInput } from "@/lib/secrets/schema";

/** The values of the fields, by API name, as the controls hold them. A `File` is cheap to compare. */
export type SecretValues = { fields: Record<string, string>; file: File | null };

export type SecretFormValues = SecretValues & {
  subKind: SubKind;
  name: string;
  description: string;
  /** A day such as 2027-03-01, or empty. */
  expiresAt: string;
};

export const emptyValues: SecretValues = {
  fields: Object.fromEntries(subKinds.flatMap((one) => Object.keys(fieldsOf(one)).map((name) => [name, ""]))),
  file: null,
};

/** Converts the form's values to the action's input, using the action's schema. */
export const resolveNewSecret: Resolver<SecretFormValues, unknown, CreateSecretInput> = async (
  { subKind, name, description, expiresAt, ...values },
  _context,
  options,
) => {
  const { fields, fileName } = await valueInput(subKind, values);
  const input = {
    ...{ subKind, name, description, fields },
    ...(expiresAt ? { expiresAt } : {}),
    ...(fileName ? { fileName } : {}),
  };
  return resolved(createSecretInput.safeParse(input), options);
};

/** The fields of one type as its schema takes them: a file as bytes, and without empty optional fields. */
export async function valueInput(
  subKind: SubKind,
  { fields, file }: SecretValues,
): Promise<{ fields: Record<string, unknown>; fileName?: string }> {
  if (secretKinds[subKind].shape === "file")
    return file
      ? { fields: { value: new Uint8Array(await file.arrayBuffer()) }, fileName: file.name }
      : { fields: {} };
  const entered = Object.entries(fieldsOf(subKind)).flatMap(([name, { schema }]) =>
    fields[name] === "" && schema.isOptional() ? [] : [[name, fields[name]]],
  );
  return { fields: Object.fromEntries(entered) };
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
