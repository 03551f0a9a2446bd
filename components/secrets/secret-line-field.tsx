"use client";

import type { ReactNode } from "react";
import { useFormContext } from "react-hook-form";
import type { SecretValues } from "@/components/secrets/secret-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { secretAttributes } from "@/components/ui/secret-attributes";
import type { TextField } from "@/lib/secrets/kinds/define";

/** A field of one line. */
export function SecretLineField({
  name,
  field: { title, control, schema, hint, placeholder },
  action,
}: {
  name: string;
  field: TextField;
  action?: ReactNode;
}) {
  const { register, formState } = useFormContext<SecretValues>();
  const input = { ...register(`fields.${name}`), ...(placeholder ? { placeholder } : {}) };
  return (
    <Field
      label={title}
      isRequired={!schema.isOptional()}
      error={formState.errors.fields?.[name]?.message}
      {...(hint ? { hint } : {})}
      action={action}
    >
      {control === "password" ? <PasswordInput {...input} /> : <Input {...secretAttributes} {...input} />}
    </Field>
  );
}
