"use client";

import type { FieldErrors, UseFormRegisterReturn } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";

/** The fields of the forms for creating and editing a fabric. */
export function FabricFields({
  name,
  description,
  errors,
}: {
  name: UseFormRegisterReturn;
  description: UseFormRegisterReturn;
  errors: FieldErrors<{ name: string; description: string }>;
}) {
  return (
    <>
      <Field label="Name" error={errors.name?.message} isRequired>
        <Input {...name} autoComplete="off" maxLength={128} />
      </Field>
      <Field label="Description" error={errors.description?.message}>
        <Textarea {...description} rows={3} />
      </Field>
    </>
  );
}
