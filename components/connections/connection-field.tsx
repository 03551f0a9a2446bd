"use client";

import { Controller, useFormContext } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form";
import { SecretPicker } from "@/components/connections/secret-picker";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { FormField } from "@/lib/connectors/form";

/** One field of a connection, drawn by its control: the one place that knows controls, and it knows no kind. */
export function ConnectionField({
  fabricId,
  field,
  onChoose,
  onNewSecret,
}: {
  fabricId: string;
  field: FormField;
  onChoose: (field: string, secretId: string) => void;
  onNewSecret: (field: FormField) => void;
}) {
  const { register, control, formState } = useFormContext<ConnectionFormValues>();
  const { name, title, help, placeholder, isRequired } = field;
  const path = `properties.${name}` as const;
  const error = formState.errors.properties?.[name]?.message;
  const text = { ...(placeholder ? { placeholder } : {}), autoComplete: "off", spellCheck: false };
  return (
    <Field label={title} hint={help} error={error} isRequired={isRequired}>
      {(() => {
        switch (field.control) {
          case "text":
            return <Input {...text} {...register(path)} />;
          case "number":
            return <Input {...text} inputMode="numeric" {...register(path)} />;
          case "hostKey":
            return <Input {...text} className="font-mono" {...register(path)} />;
          case "select":
            return <Select options={field.options ?? []} {...register(path)} />;
          case "secret":
            return (
              <Controller
                control={control}
                name={path}
                render={({ field: { value } }) => (
                  <SecretPicker
                    fabricId={fabricId}
                    title={title}
                    subKinds={field.subKinds ?? []}
                    value={value ?? ""}
                    onChange={(id) => onChoose(name, id)}
                    onNewSecret={() => onNewSecret(field)}
                  />
                )}
              />
            );
          default:
            return field.control satisfies never;
        }
      })()}
    </Field>
  );
}
