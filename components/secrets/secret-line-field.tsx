"use client";

import type { ReactNode } from "react";
import { useFormContext } from "react-hook-form";
import type { SecretValues } from "@/components/secrets/secret-form";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { secretAttributes } from "@/components/ui/secret-attributes";

export type LineField = Exclude<keyof SecretValues["fields"], "value">;
type Line = { title: string; isMasked?: true; isOptional?: true; hint?: string; placeholder?: string };

const lines: Record<LineField, Line> = {
  username: { title: "Username" },
  password: { title: "Password", isMasked: true },
  clientId: { title: "Client ID" },
  clientSecret: { title: "Client Secret", isMasked: true },
  authUrl: {
    title: "Auth URL",
    hint: "The token endpoint. It begins with https://, so that the client secret never travels in clear.",
    placeholder: "https://login.example.com/oauth2/token",
  },
  scope: { title: "Scope", isOptional: true, hint: "Separate several by spaces." },
};

/** A single-line field of a multi-field type. */
export function SecretLineField({ name, action }: { name: LineField; action?: ReactNode }) {
  const { register, formState } = useFormContext<SecretValues>();
  const { title, isMasked, isOptional, hint, placeholder } = lines[name];
  const control = { ...register(`fields.${name}`), ...(placeholder ? { placeholder } : {}) };
  return (
    <Field
      label={title}
      isRequired={!isOptional}
      error={formState.errors.fields?.[name]?.message}
      {...(hint ? { hint } : {})}
      action={action}
    >
      {isMasked ? <PasswordInput {...control} /> : <Input {...secretAttributes} {...control} />}
    </Field>
  );
}
