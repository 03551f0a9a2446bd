"use client";

import { Controller } from "react-hook-form";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import { SecretPicker } from "@/components/connections/secret-picker";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { FormField } from "@/lib/connectors/form";

/**
 * One field of a connection, rendered by its control type. Only this component knows the control types; it
 * knows no kind.
 */
export function ConnectionField({ field }: { field: FormField }) {
  const { fabricId, form, check, chooseSecret, setPickerDialog, setFieldElement } = useConnectionForm();
  const { register, control, formState } = form;
  const { name, title, help, placeholder, isRequired } = field;
  const path = `properties.${name}` as const;
  const error = formState.errors.properties?.[name]?.message;
  // Only visible fields are mounted, and only those are required.
  const isFilled = (value: string | undefined) =>
    !isRequired || value?.trim()
      ? true
      : field.control === "secret"
        ? "Choose a secret."
        : "This field is required.";
  const typed = { onChange: () => check.forgetErrors(name), validate: isFilled };
  const text = { ...(placeholder ? { placeholder } : {}), autoComplete: "off", spellCheck: false };
  return (
    <div ref={(element) => setFieldElement(name, element)}>
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
              return (
                <Select
                  options={field.options?.filter(({ isAvailable }) => isAvailable) ?? []}
                  {...register(path, typed)}
                />
              );
            case "secret":
              return (
                <Controller
                  control={control}
                  name={path}
                  rules={{ validate: isFilled }}
                  render={({ field: { value, ref } }) => (
                    // Lets react-hook-form focus the picker's button on an error, as for any other field.
                    <div ref={(element) => ref(element?.querySelector("button"))}>
                      <SecretPicker
                        fabricId={fabricId}
                        title={title}
                        subKinds={field.subKinds ?? []}
                        value={value ?? ""}
                        onChange={(secret) => chooseSecret(name, secret)}
                        onNewSecret={() => setPickerDialog({ kind: "new secret", field })}
                        onReplaceValue={(secret) => setPickerDialog({ kind: "replace value", field, secret })}
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
