"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { secretName } from "@/lib/secrets/schema";
import { suggestName } from "@/lib/suggest-name";

export function SecretNameField() {
  const { register, control, setValue, setFocus, formState } = useFormContext<{ name: string }>();
  const name = useWatch({ control, name: "name" });
  const suggestion = suggestionFor(name);

  function takeSuggestion() {
    setValue("name", suggestion, { shouldDirty: true, shouldValidate: true });
    setFocus("name");
  }

  return (
    <Field
      label="Name"
      isRequired
      error={formState.errors.name?.message}
      hint={
        <span aria-live="polite">
          {suggestion ? (
            <>
              Names cannot contain spaces or other special characters.{" "}
              <Button size="sm" onClick={takeSuggestion} className="max-w-full">
                <span className="truncate">Use {suggestion}</span>
              </Button>
            </>
          ) : (
            "Letters, digits, “_”, “.” and “-”. Pipelines read the secret by this name."
          )}
        </span>
      }
    >
      <Input
        {...register("name")}
        spellCheck={false}
        autoCapitalize="none"
        data-1p-ignore
        data-lpignore="true"
      />
    </Field>
  );
}

/** Suggests a valid name for an invalid one. */
function suggestionFor(name: string): string {
  if (name === "" || secretName.safeParse(name).success) return "";
  const suggestion = suggestName(name);
  return secretName.safeParse(suggestion).success ? suggestion : "";
}
