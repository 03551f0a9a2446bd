"use client";

import { ReplaceableField } from "@/components/secrets/replaceable-field";
import { SecretValueFields } from "@/components/secrets/secret-value-fields";
import { fieldsOf, isSingleValue } from "@/lib/secrets/kinds/registry";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** The value fields. A single value starts empty; with several, each is kept until the person replaces it. */
export function ReplaceValueFields({
  secret: { subKind, fields },
  maxSecretBytes,
}: {
  secret: Pick<ReplaceableSecret, "subKind" | "fields">;
  maxSecretBytes: number;
}) {
  if (isSingleValue(subKind)) return <SecretValueFields subKind={subKind} maxSecretBytes={maxSecretBytes} />;
  return Object.entries(fieldsOf(subKind)).map(([name, field]) => (
    <ReplaceableField
      key={name}
      name={name}
      field={field}
      maxSecretBytes={maxSecretBytes}
      current={fields.find((one) => one.field === name)}
    />
  ));
}
