"use client";

import { type FormEvent, type ReactNode, useContext, useState } from "react";
import {
  type DefaultValues,
  type FieldValues,
  FormProvider,
  type Resolver,
  type UseFormReturn,
  useForm,
} from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { type FormAction, type FormTexts, useActionForm } from "@/components/form/use-action-form";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { DialogGuardContext, useDialogGuard } from "@/components/ui/dialog-guard";

export type DialogFormProps<Values extends FieldValues, Output, T, Code extends string> = {
  resolver: Resolver<Values, unknown, Output>;
  /** The form starts with these each time that the dialog opens. */
  defaultValues: DefaultValues<NoInfer<Values>>;
  action: FormAction<Output, T, Code>;
  /** Sentences for codes that have a special meaning in this form. */
  texts?: FormTexts;
  /** Runs on success, before the dialog closes. */
  onOk?: (value: T, input: Output) => void;
  /** Shown after success; the dialog then stays open, unless it is null. Used for a token, which is displayed once. */
  outcome?: (value: T, input: Output) => ReactNode;
  submitLabel: string;
  /** Fields that the dialog may discard without asking. */
  unguarded?: readonly (keyof Values)[];
  /** For a form that edits something saved: it can be submitted only after a change. */
  needsChange?: boolean;
  /** The fields. Their components can use `useFormContext` too. */
  children: ReactNode | ((form: UseFormReturn<Values, unknown, Output>) => ReactNode);
};

/**
 * The content of a dialog with a form: an error of the form as a whole, the fields, Cancel and the submit
 * button. Focuses the first wrong field. The dialog closes when the action has succeeded, and asks before it
 * discards input. Render the `Dialog` around it outside any other form: even through a portal, its submit would
 * bubble up the React tree and submit that form.
 */
export function DialogForm<Values extends FieldValues, Output, T, Code extends string>({
  resolver,
  defaultValues,
  action,
  texts,
  onOk,
  outcome,
  submitLabel,
  unguarded = [],
  needsChange = false,
  children,
}: DialogFormProps<Values, Output, T, Code>) {
  const { close } = useContext(DialogGuardContext);
  const form = useForm<Values, unknown, Output>({ resolver, defaultValues });
  const { errors, dirtyFields, isDirty, isSubmitting } = form.formState;
  const [done, setDone] = useState<{ outcome: ReactNode } | null>(null);
  const { submit, formError } = useActionForm(action, form, {
    ...(texts ? { texts } : {}),
    onOk(value, input) {
      const shown = outcome?.(value, input);
      setDone({ outcome: shown });
      onOk?.(value, input);
      if (!shown) close();
    },
  });
  useDialogGuard(!done && Object.keys(dirtyFields).some((field) => !unguarded.includes(field)));
  if (done?.outcome) return done.outcome;

  const isPending = isSubmitting || done !== null;
  const isOff = needsChange && !isDirty;
  // Without an active submit button, Enter in a form's only text field submits it nevertheless.
  const submitOnce = (event: FormEvent) => (isPending || isOff ? event.preventDefault() : submit(event));
  return (
    <FormProvider {...form}>
      <form className="contents" onSubmit={submitOnce} noValidate autoComplete="off">
        <DialogBody>
          <FormError error={formError ?? errors.root?.message ?? null} />
          {typeof children === "function" ? children(form) : children}
        </DialogBody>
        <DialogFooter>
          <DialogClose>Cancel</DialogClose>
          <Button type="submit" variant="primary" isPending={isPending} disabled={isOff}>
            {submitLabel}
          </Button>
        </DialogFooter>
      </form>
    </FormProvider>
  );
}
