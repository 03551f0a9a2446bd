"use client";

import type { FieldValues } from "react-hook-form";
import { DialogForm, type DialogFormProps } from "@/components/form/dialog-form";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";

/**
 * A `DialogForm` whose action requires a recent sign-in. Asks for one and runs the action again. Stays open
 * with its input, without an error, when the person cancels that.
 */
export function ProtectedDialogForm<Values extends FieldValues, Output, T, Code extends string>({
  action,
  texts,
  ...form
}: DialogFormProps<Values, Output, T, Code>) {
  const { protect, dialog } = useReauthenticate();
  return (
    <>
      <DialogForm {...form} action={protect(action)} texts={{ reauthenticate: "", ...texts }} />
      {dialog}
    </>
  );
}
