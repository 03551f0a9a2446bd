"use client";

import type { ReactNode } from "react";
import { FileValueField } from "@/components/secrets/file-value-field";
import { SecretLineField } from "@/components/secrets/secret-line-field";
import { TextValueField } from "@/components/secrets/text-value-field";
import type { SecretField } from "@/lib/secrets/kinds/define";

/** The control of one field of a value. */
export function SecretValueField({
  name,
  field,
  maxSecretBytes,
  maxTextBytes,
  action,
  onStoreAsBinary,
}: {
  name: string;
  field: SecretField;
  maxSecretBytes: number;
  /** Where a text may have less than elsewhere. */
  maxTextBytes?: number | undefined;
  action?: ReactNode;
  onStoreAsBinary?: (file: File) => void;
}) {
  switch (field.control) {
    case "lines":
      return (
        <TextValueField
          name={name}
          field={field}
          maxBytes={maxTextBytes}
          action={action}
          {...(onStoreAsBinary ? { onStoreAsBinary } : {})}
        />
      );
    case "file":
      return <FileValueField title={field.title} maxSecretBytes={maxSecretBytes} />;
    default:
      return <SecretLineField name={name} field={field} action={action} />;
  }
}
