"use client";

import type { ReactNode } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import type { SecretValues } from "@/components/secrets/secret-form";
import { ValueEdgesNote } from "@/components/secrets/value-edges-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { secretAttributes } from "@/components/ui/secret-attributes";
import type { TextField } from "@/lib/secrets/kinds/define";

/** A field of one line. */
export function SecretLineField({
  name,
  field: { title, control: look, schema, hint, placeholder },
  action,
}: {
  name: string;
  field: TextField;
  action?: ReactNode;
}) {
  const { register, control, setValue, setFocus, formState } = useFormContext<SecretValues>();
  const value = useWatch({ control, name: `fields.${name}` }) ?? "";
  const input = { ...register(`fields.${name}`), ...(placeholder ? { placeholder } : {}) };
  return (
    <ValueEdgesNote
      text={value}
      onRemove={(inner) => {
        setValue(`fields.${name}`, inner, { shouldDirty: true, shouldValidate: formState.isSubmitted });
        setFocus(`fields.${name}`);
      }}
    >
      <Field
        label={title}
        isRequired={!schema.isOptional()}
        error={formState.errors.fields?.[name]?.message}
        {...(hint ? { hint } : {})}
        action={action}
      >
        {look === "password" ? <PasswordInput {...input} /> : <Input {...secretAttributes} {...input} />}
      </Field>
    </ValueEdgesNote>
  );
}
