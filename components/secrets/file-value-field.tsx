"use client";

import { useState } from "react";
import { useController, useFormContext } from "react-hook-form";
import type { SecretValues } from "@/components/secrets/secret-form";
import { inMemory } from "@/components/secrets/text-source";
import { Field } from "@/components/ui/field";
import { FileDrop } from "@/components/ui/file-drop";
import { formatBytes } from "@/components/ui/format-bytes";

/**
 * The value of a Binary secret. Checks the size before uploading, because the server would refuse a larger
 * file.
 */
export function FileValueField({ title, maxSecretBytes }: { title: string; maxSecretBytes: number }) {
  const { control, clearErrors, formState } = useFormContext<SecretValues>();
  const { field } = useController({ control, name: "file" });
  const [refusal, setRefusal] = useState<string | null>(null);

  async function choose(chosen: File | null) {
    const refused = chosen && refusalOf(chosen, maxSecretBytes);
    const file = chosen && !refused ? await inMemory(chosen) : null;
    clearErrors("fields.value");
    setRefusal(refused || (chosen && !file ? `${chosen.name} could not be read.` : null));
    field.onChange(file);
  }

  return (
    <Field
      label={title}
      isRequired
      error={refusal ?? formState.errors.fields?.value?.message}
      hint={`Up to ${formatBytes(maxSecretBytes)}, stored byte for byte. For a certificate, the subject, issuer and expiry are shown.`}
    >
      <FileDrop file={field.value} onFile={choose} hint="A certificate, a key, a keystore" />
    </Field>
  );
}

function refusalOf({ name, size }: File, maxBytes: number): string | null {
  if (size === 0) return `${name} is empty.`;
  return size > maxBytes
    ? `${name} is larger than ${formatBytes(maxBytes)}, the limit of a Binary secret.`
    : null;
}
