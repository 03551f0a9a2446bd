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
  onMount,
}: {
  fabricId: string;
  field: FormField;
  onChoose: (field: string, secretId: string) => void;
  onNewSecret: (field: FormField) => void;
  /** Tells where the field is on the page, for the focus. */
  onMount: (field: string, element: HTMLElement | null) => void;
}) {
  const { register, control, formState, clearErrors } = useFormContext<ConnectionFormValues>();
  const { name, title, help, placeholder, isRequired } = field;
  const path = `properties.${name}` as const;
  const error = formState.errors.properties?.[name]?.message;
  // What a check found speaks of the former value.
  const typed = register(path, { onChange: () => clearErrors(path) });
  const text = { ...(placeholder ? { placeholder } : {}), autoComplete: "off", spellCheck: false };
  return (
    <div ref={(element) => onMount(name, element)}>
      <Field label={title} hint={help} error={error} isRequired={isRequired}>
        {(() => {
          switch (field.control) {
            case "text":
              return <Input {...text} {...typed} />;
            case "number":
              return <Input {...text} inputMode="numeric" {...typed} />;
            case "hostKey":
              return <Input {...text} className="font-mono" {...typed} />;
            case "select":
              return <Select options={field.options ?? []} {...typed} />;
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
    </div>
  );
}
