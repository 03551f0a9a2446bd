"use client";

import { SecretValueField } from "@/components/secrets/secret-value-field";
import { fieldsOf, isSingleValue, type SubKind } from "@/lib/secrets/kinds/registry";

/** The value fields of one type of secret. */
export function SecretValueFields({
  subKind,
  maxSecretBytes,
  maxTextBytes,
  onStoreAsBinary,
}: {
  subKind: SubKind;
  maxSecretBytes: number;
  maxTextBytes?: number;
  onStoreAsBinary?: (file: File) => void;
}) {
  return Object.entries(fieldsOf(subKind)).map(([name, field]) => (
    <SecretValueField
      key={name}
      name={name}
      field={field}
      maxSecretBytes={maxSecretBytes}
      maxTextBytes={maxTextBytes}
      {...(onStoreAsBinary && isSingleValue(subKind) ? { onStoreAsBinary } : {})}
    />
  ));
}
