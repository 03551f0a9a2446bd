"use client";

import { Controller, useFormContext } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { SecretPicker } from "@/components/connections/secret-picker";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { FormField } from "@/lib/connectors/form";
import type { SecretOption } from "@/lib/secrets/schema";

/** One field of a connection, drawn by its control: the one place that knows controls, and it knows no kind. */
export function ConnectionField({
  fabricId,
  field,
  onEdit,
  onChoose,
  onNewSecret,
  onReplaceValue,
  onMount,
}: {
  fabricId: string;
  field: FormField;
  /** Something was typed or selected; a picker tells by `onChoose`. */
  onEdit: (field: string) => void;
  onChoose: (field: string, secretId: string) => void;
  onNewSecret: (field: FormField) => void;
  onReplaceValue: (field: FormField, secret: SecretOption) => void;
  /** Tells where the field is on the page, for the focus. */
  onMount: (field: string, element: HTMLElement | null) => void;
}) {
  const { register, control, formState } = useFormContext<ConnectionFormValues>();
  const { name, title, help, placeholder, isRequired } = field;
  const path = `properties.${name}` as const;
  const error = formState.errors.properties?.[name]?.message;
  // Only what is shown is mounted, and only that is required.
  const isFilled = (value: string | undefined) =>
    !isRequired || value?.trim()
      ? true
      : field.control === "secret"
        ? "Choose a secret."
        : "This is required.";
  const typed = { onChange: () => onEdit(name), validate: isFilled };
  const text = { ...(placeholder ? { placeholder } : {}), autoComplete: "off", spellCheck: false };
  return (
    <div ref={(element) => onMount(name, element)}>
      <Field label={title} hint={help} error={error} isRequired={isRequired}>
        {(() => {
          switch (field.control) {
            case "text":
              return <Input {...text} {...register(path, typed)} />;
            case "number":
              return <Input {...text} inputMode="numeric" {...register(path, typed)} />;
            case "hostKey":
              return <Input {...text} className="font-mono" {...register(path, typed)} />;
            case "select":
              return <Select options={field.options ?? []} {...register(path, typed)} />;
            case "secret":
              return (
                <Controller
                  control={control}
                  name={path}
                  rules={{ validate: isFilled }}
                  render={({ field: { value, ref } }) => (
                    // So that an error can lead the focus here, as to any other field.
                    <div ref={(element) => ref(element?.querySelector("button"))}>
                      <SecretPicker
                        fabricId={fabricId}
                        title={title}
                        subKinds={field.subKinds ?? []}
                        value={value ?? ""}
                        onChange={(id) => onChoose(name, id)}
                        onNewSecret={() => onNewSecret(field)}
                        onReplaceValue={(secret) => onReplaceValue(field, secret)}
                      />
                    </div>
                  )}
                />
              );
            default:
              return field.control satisfies never;
          }
        })()}
      </Field>
    </div>
  );
}
