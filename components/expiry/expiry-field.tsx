"use client";

import type { ReactNode } from "react";
import { useFormContext } from "react-hook-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/** The day on which a value expires. */
export function ExpiryField({ hint }: { hint: ReactNode }) {
  const { register, formState } = useFormContext<{ expiresAt: string }>();
  return (
    <Field label="Expires" error={formState.errors.expiresAt?.message} hint={hint}>
      <Input type="date" max="9999-12-30" {...register("expiresAt")} className="sm:w-48" />
    </Field>
  );
}
