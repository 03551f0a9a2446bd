import type { Resolver } from "react-hook-form";
import { resolved, type SecretValues, valueInput } from "@/components/secrets/secret-form";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import { type ReplaceSecretInput, replaceSecretInput } from "@/lib/secrets/schema";

/** The effect of a replacement on one field of a multi-field type. */
export type FieldChange = "kept" | "replaced" | "cleared";

export type ReplaceFormValues = SecretValues & {
  changes: Record<string, FieldChange>;
  destinationIds: string[];
  /** A day such as 2027-03-01, or empty. */
  expiresAt: string;
};

/** Converts the form's values to the action's input. A kept field is absent, never empty. */
export function resolveReplacement(secret: {
  id: string;
  subKind: SubKind;
  version: number;
}): Resolver<ReplaceFormValues, unknown, ReplaceSecretInput> {
  return async ({ changes, destinationIds, expiresAt, ...values }, _context, options) => {
    const entered = await valueInput(secret.subKind, values);
    const fields = Object.entries(changes).flatMap(([field, change]) => {
      // An empty optional field is cleared. An empty required field fails in the schema.
      return change === "kept"
        ? []
        : [[field, change === "cleared" ? null : (entered.fields[field] ?? null)]];
    });
    if (fields.length === 0)
      return { values: {}, errors: { root: { type: "required", message: "Replace at least one field." } } };
    const input = {
      secretId: secret.id,
      subKind: secret.subKind,
      expectedVersion: secret.version,
      destinationIds,
      fields: Object.fromEntries(fields),
      ...(expiresAt ? { expiresAt } : {}),
      ...(entered.fileName ? { fileName: entered.fileName } : {}),
    };
    return resolved(replaceSecretInput.safeParse(input), options);
  };
}

/**
 * True when connections use the secret, and not only the one with this id, or pipelines read the secret, too. Only then
 * does a new value that is entered in that connection's form concern anybody else.
 */
export function isUsedByOthers(
  {
    usedBy,
    connections,
    readers,
  }: { usedBy: number; connections: readonly { id: string }[]; readers: readonly unknown[] },
  connectionId: string | undefined,
): boolean {
  const isUsedHere = connectionId !== undefined && connections.some(({ id }) => id === connectionId);
  const isOnlyHere = usedBy === 1 && isUsedHere && readers.length === 0;
  return usedBy > 0 && !isOnlyHere;
}
