"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { UseFormReturn } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { type CheckIntent, type CheckSubject, useCheck } from "@/components/connections/use-check";
import { useNotCheckedToast } from "@/components/connections/use-not-checked-toast";
import { errorText } from "@/components/form/error-texts";
import { checkTexts } from "@/lib/connectors/check-texts";
import { type ConnectorForm, isComplete, propertiesOf } from "@/lib/connectors/form";
import type { TypeOf } from "@/lib/connectors/validate";

/**
 * During this time after an automatic check began, the button ignores a press: the person meant Check, not
 * Cancel.
 */
const ignoreCancelMs = 1000;

export type ConnectionCheck = ReturnType<typeof useConnectionCheck>;

type CheckedForm = {
  form: UseFormReturn<ConnectionFormValues>;
  /** True for saved settings, whose destination another person may have entered. */
  isSaved: boolean;
  /** The types of the chosen secrets, by id. */
  typeOf: TypeOf;
};

/** Checks the form's current values, and shows an error on the field that it concerns. */
export function useConnectionCheck(
  fabricId: string,
  { kind, fields }: ConnectorForm,
  { form, isSaved, typeOf }: CheckedForm,
) {
  const queries = useQueryClient();
  const router = useRouter();
  const toastNotChecked = useNotCheckedToast();
  const { progress, start, cancel } = useCheck(fabricId);
  const [hasJustStarted, setHasJustStarted] = useState(false);

  /**
   * Moves the focus to missing fields only if the person pressed Check. An automatic check leaves the focus
   * alone.
   */
  async function check({
    movesFocus = true,
    shownDestinations,
  }: Pick<CheckIntent, "shownDestinations"> & { movesFocus?: boolean } = {}) {
    form.clearErrors("properties");
    const subject = subjectOf();
    const answer = await start(subject, { isConfirmed: !isSaved, shownDestinations });
    if (answer === null) return;
    if (answer.type === "refused") return toastNotChecked(subject.name, errorText(answer.code));
    // The page shows the status, and which destinations are not allowed. No server action has changed them.
    if (isSaved && answer.type === "result") router.refresh();
    // The person has edited the form since. The panel says so.
    if (!isAsChecked(subject, form.getValues().properties)) return;
    if (answer.type === "invalid") {
      for (const [index, [field, message]] of Object.entries(answer.fieldErrors).entries()) {
        form.setError(
          `properties.${field}`,
          { type: "invalid", message },
          { shouldFocus: movesFocus && index === 0 },
        );
      }
      // The person decides about a new destination in the panel. The field has no error.
    } else if (!answer.ok && answer.field && !answer.newDestinations) {
      const { title, advice } = checkTexts[answer.code];
      form.setError(`properties.${answer.field}`, { type: "check", message: `${title} ${advice}` });
      // The picker still shows the deleted secret's name.
      if (answer.code === "secret_missing")
        await queries.invalidateQueries({ queryKey: ["secret-option", fabricId] });
    }
  }

  /**
   * Removes field errors that an edit may have resolved. A check's finding applies to the whole form, and a
   * choice such as the encryption can resolve an error on another field. Errors about missing values stay.
   */
  function forgetErrors(edited: string) {
    const isText = fields.some(({ name, options, subKinds }) => name === edited && !options && !subKinds);
    for (const [field, error] of Object.entries(form.formState.errors.properties ?? {})) {
      const isFilled = (form.getValues().properties[field] ?? "") !== "";
      if (field === edited || error?.type === "check" || (!isText && isFilled))
        form.clearErrors(`properties.${field}`);
    }
  }

  /**
   * Starts a check after a secret was chosen, if no required field is empty. Choosing a secret and pressing
   * Check run one check, so it costs one sign-in attempt.
   */
  async function checkIfComplete() {
    if (!isComplete(fields, form.getValues().properties, typeOf)) return;
    setHasJustStarted(true);
    setTimeout(setHasJustStarted, ignoreCancelMs, false);
    await check({ movesFocus: false });
  }

  /** The form's current values. */
  function subjectOf(): CheckSubject {
    const { name, properties } = form.getValues();
    return {
      kind,
      name: name.trim() || "New connection",
      properties: propertiesOf(fields, properties, typeOf),
    };
  }

  function isAsChecked(subject: CheckSubject, properties: Record<string, string>): boolean {
    return JSON.stringify(propertiesOf(fields, properties, typeOf)) === JSON.stringify(subject.properties);
  }

  /** True when the form has changed since the check. */
  function isStale(properties: Record<string, string>): boolean {
    return progress.phase === "done" && !isAsChecked(progress.subject, properties);
  }

  return { progress, subjectOf, check, checkIfComplete, cancel, hasJustStarted, isStale, forgetErrors };
}
