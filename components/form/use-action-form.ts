"use client";

import { unstable_rethrow } from "next/navigation";
import { useRef, useState } from "react";
import type { FieldPath, FieldValues, UseFormReturn } from "react-hook-form";
import { errorText, isFieldCode } from "@/components/form/error-texts";
import type { Result } from "@/lib/result";

/** Gets an idempotency key in addition to the input. */
export type FormAction<Input, T, Code extends string> = (
  input: Input,
  key: string,
) => Promise<Result<T, Code>>;
export type FormTexts = Readonly<Record<string, string>>;

type Options<T, Output> = {
  onOk?: (value: T, input: Output) => void | Promise<void>;
  /** Sentences for codes that have a special meaning in this form. */
  texts?: FormTexts;
};

/**
 * Submits a form to an action. Shows field errors on their fields and focuses the first; shows the code's
 * text at the top. A rejected call (no network, body too large) shows one sentence. The form keeps its input
 * in every case. The action gets an idempotency key, which a retry reuses while the outcome of the previous
 * attempt is unknown.
 */
export function useActionForm<Values extends FieldValues, Context, Output, T, Code extends string>(
  action: FormAction<Output, T, Code>,
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

    const { shown, unknown } = setFieldErrors(form, result.fieldErrors ?? {});
    if (unknown.length > 0) return setFormError(unknown.join(" "));
    if (shown === 0 || !isFieldCode(result.code)) setFormError(errorText(result.code, texts));
  });

  return { submit, formError };
}

/** An idempotency key for an action. */
export function newKey(): string {
  // Not crypto.randomUUID: browsers offer it only on https.
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
}

/** Sets each message on its field. Returns the messages for fields that the form does not have. */
function setFieldErrors<Values extends FieldValues, Context, Output>(
  form: UseFormReturn<Values, Context, Output>,
  fieldErrors: Record<string, string>,
) {
  const unknown: string[] = [];
  let shown = 0;
  for (const [name, message] of Object.entries(fieldErrors)) {
    if (hasField(form, name)) {
      form.setError(name, { type: "server", message }, { shouldFocus: shown === 0 });
      shown += 1;
    } else unknown.push(message);
  }
  return { shown, unknown };
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
