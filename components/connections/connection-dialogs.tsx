import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
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
    isAdmin,
    saved,
    form,
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
  const replacing = pickerDialog?.kind === "replace value" ? pickerDialog : null;
  const subKinds = isNew ? pickerDialog.field.subKinds : undefined;
  const dialog = {
    fabricId,
    maxSecretBytes,
    onClose: () => setPickerDialog(null),
    returnFocus: () => controlOf(lastField.current),
  };

  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);

  function choose(field: string, secret: { id: string; subKind: SubKind }) {
    void queries.invalidateQueries({ queryKey: ["secret-options", fabricId] });
    chooseSecret(field, secret);
  }

  function onReplaced({ field: { name }, secret }: NonNullable<typeof replacing>) {
    // Somebody may undo it after they have left the form, or have chosen another secret.
    if (!isShown.current || form.getValues(`properties.${name}`) !== secret.id) return;
    // A running check uses the former value.
    check.cancel();
    choose(name, secret);
  }

  return (
    <>
      {reauthenticate.dialog}
      <AddSecretDialog
        {...dialog}
        isOpen={isNew}
        {...(subKinds ? { allowedSubKinds: subKinds } : {})}
        onCreated={(secret) => choose(lastField.current, secret)}
      />
      <ReplaceValueDialog
        {...dialog}
        secret={replacing?.secret ?? null}
        connectionId={saved?.id}
        isAdmin={isAdmin}
        onReplaced={() => replacing && onReplaced(replacing)}
      />
    </>
  );
}
