import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import { ReplaceValueDialog } from "@/components/connections/replace-value-dialog";
import { AddSecretDialog } from "@/components/secrets/add-secret-dialog";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/**
 * The dialogs outside the form: New Secret and Replace value for the picker that opened them, and the recent
 * sign-in.
 */
export function ConnectionDialogs() {
  const {
    fabricId,
    maxSecretBytes,
    check,
    reauthenticate,
    pickerDialog,
    setPickerDialog,
    chooseSecret,
    controlOf,
  } = useConnectionForm();
  const queries = useQueryClient();
  // After its dialog has closed, the focus returns to the picker.
  const lastField = useRef("");
  if (pickerDialog) lastField.current = pickerDialog.field.name;
  const isNew = pickerDialog?.kind === "new secret";
  const replacing = pickerDialog?.kind === "replace value" ? pickerDialog.secret : null;
  const subKinds = isNew ? pickerDialog.field.subKinds : undefined;
  const dialog = {
    fabricId,
    maxSecretBytes,
    onClose: () => setPickerDialog(null),
    returnFocus: () => controlOf(lastField.current),
  };

  function choose(secret: { id: string; subKind: SubKind }) {
    void queries.invalidateQueries({ queryKey: ["secret-options", fabricId] });
    chooseSecret(lastField.current, secret);
  }

  return (
    <>
      {reauthenticate.dialog}
      <AddSecretDialog
        {...dialog}
        isOpen={isNew}
        {...(subKinds ? { allowedSubKinds: subKinds } : {})}
        onCreated={choose}
      />
      <ReplaceValueDialog
        {...dialog}
        secret={replacing}
        onReplaced={() => {
          // A running check uses the former value.
          check.cancel();
          if (replacing) choose(replacing);
        }}
      />
    </>
  );
}
