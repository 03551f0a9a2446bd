"use client";

import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";

export function SecretDescriptionField() {
  const { register, formState } = useFormContext<{ description: string }>();
  return (
    <Field
      label="Description"
      error={formState.errors.description?.message}
      hint="What it is for. Everyone with access to the fabric can read this."
    >
      <Textarea {...register("description")} rows={2} />
    </Field>
  );
}
