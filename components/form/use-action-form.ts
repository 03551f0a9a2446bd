"use client";

import { unstable_rethrow } from "next/navigation";
import { useRef, useState } from "react";
import type { FieldPath, FieldValues, UseFormReturn } from "react-hook-form";
import { errorText, isFieldCode } from "@/components/form/error-texts";
import type { Result } from "@/lib/result";

type Options<T, Output> = {
  onOk?: (value: T, input: Output) => void | Promise<void>;
  /** Sentences for codes that mean something particular in this form. */
  texts?: Readonly<Record<string, string>>;
};

/**
 * Submits a form to an action. Field errors land on their fields, the first one focused; the code's text goes to the top. A
 * rejected action (no network, a body that is too large) becomes one sentence. What was typed stays, whatever happens. The
 * action gets a key: another attempt has the same one as long as it is not known what became of the one before.
 */
export function useActionForm<Values extends FieldValues, Context, Output, T, Code extends string>(
  action: (input: Output, key: string) => Promise<Result<T, Code>>,
  form: UseFormReturn<Values, Context, Output>,
  { onOk, texts }: Options<T, Output> = {},
) {
  const [formError, setFormError] = useState<string | null>(null);
  const key = useRef<string>(undefined);

  const submit = form.handleSubmit(async (input) => {
    setFormError(null);
    key.current ??= newKey();
    const result = await action(input, key.current).catch((error: unknown) => {
      unstable_rethrow(error);
      return null;
    });
    if (!result) return setFormError(errorText("outcome_unknown", texts));
    if (result.ok || result.code !== "outcome_unknown") key.current = undefined;
    if (result.ok) return onOk?.(result.value, input);

    const { placed, homeless } = placeFieldErrors(form, result.fieldErrors ?? {});
    if (homeless.length > 0) return setFormError(homeless.join(" "));
    if (placed === 0 || !isFieldCode(result.code)) setFormError(errorText(result.code, texts));
  });

  return { submit, formError, clearFormError: () => setFormError(null) };
}

function newKey(): string {
  // Not crypto.randomUUID, which browsers keep from pages that came by http.
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

/** Puts each message on its field; those whose field the form does not have are returned. */
function placeFieldErrors<Values extends FieldValues, Context, Output>(
  form: UseFormReturn<Values, Context, Output>,
  fieldErrors: Record<string, string>,
) {
  const homeless: string[] = [];
  let placed = 0;
  for (const [name, message] of Object.entries(fieldErrors)) {
    if (hasField(form, name)) {
      form.setError(name, { type: "server", message }, { shouldFocus: placed === 0 });
      placed += 1;
    } else homeless.push(message);
  }
  return { placed, homeless };
}

function hasField<Values extends FieldValues, Context, Output>(
  form: UseFormReturn<Values, Context, Output>,
  name: string,
): name is FieldPath<Values> {
  let value: unknown = form.getValues();
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !(part in value)) return false;
    value = Object.entries(value).find(([key]) => key === part)?.[1];
  }
  return true;
}
