"use client";

import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import type { UpdateFabricInput } from "@/lib/fabrics/schema";

/** The fields of the forms for creating and editing a fabric. */
export function FabricFields() {
  const { register, formState } = useFormContext<UpdateFabricInput>();
  const { errors } = formState;
  return (
    <>
      <Field label="Name" error={errors.name?.message} isRequired>
        <Input {...register("name")} maxLength={128} />
      </Field>
      <Field label="Description" error={errors.description?.message}>
        <Textarea {...register("description")} rows={3} />
      </Field>
    </>
  );
}
