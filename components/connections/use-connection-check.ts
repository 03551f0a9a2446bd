"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { UseFormReturn } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { type CheckSubject, type Meant, useCheck } from "@/components/connections/use-check";
import { errorText } from "@/components/form/error-texts";
import { useToast } from "@/components/ui/toast";
import { checkTexts } from "@/lib/connectors/check-texts";
import { type ConnectorForm, isComplete, propertiesOf } from "@/lib/connectors/form";

/** How long Check stays Check after a check began by itself: whoever presses it then did not mean Cancel. */
const meantAsCheckMs = 1000;

export type ConnectionCheck = ReturnType<typeof useConnectionCheck>;

/** The check of what stands in the form; what it finds is put on the field that it concerns. */
export function useConnectionCheck(
  fabricId: string,
  { kind, fields }: ConnectorForm,
  form: UseFormReturn<ConnectionFormValues>,
  /** It was saved, so somebody else may have entered where it goes. */
  isSaved: boolean,
) {
  const queries = useQueryClient();
  const toast = useToast();
  const { progress, start, cancel } = useCheck(fabricId);
  const [hasJustBegun, setHasJustBegun] = useState(false);

  /** Only who pressed Check is led to what is missing: a check that began by itself leaves the focus alone. */
  async function check({
    movesFocus = true,
    shownPlaces,
  }: Pick<Meant, "shownPlaces"> & { movesFocus?: boolean } = {}) {
    form.clearErrors("properties");
    const subject = subjectOf();
    const answer = await start(subject, { isConfirmed: !isSaved, shownPlaces });
    if (answer === null) return;
    if (answer.type === "refused")
      return toast("Nothing was checked", { tone: "danger", description: errorText(answer.code) });
    // What was typed meanwhile has answered itself; the panel says that the form has changed.
    if (!isAsChecked(subject, form.getValues().properties)) return;
    if (answer.type === "invalid") {
      for (const [index, [field, message]] of Object.entries(answer.fieldErrors).entries()) {
        form.setError(
          `properties.${field}`,
          { type: "invalid", message },
          { shouldFocus: movesFocus && index === 0 },
        );
      }
      // A new place is decided in the panel: nothing is wrong with the field.
    } else if (!answer.ok && answer.field && !answer.newPlaces) {
      const { title, advice } = checkTexts[answer.code];
      form.setError(`properties.${answer.field}`, { type: "found", message: `${title} ${advice}` });
      // The picker still shows the name that it had.
      if (answer.code === "secret_missing")
        await queries.invalidateQueries({ queryKey: ["secret-option", fabricId] });
    }
  }

  /**
   * Takes back what was said of a field once that may no longer hold: what a check found speaks of the whole form as it
   * was, and a choice such as the encryption may settle a message that stands elsewhere. What is missing stays missing.
   */
  function forgetErrors(edited: string) {
    const isText = fields.some(({ name, options, subKinds }) => name === edited && !options && !subKinds);
    for (const [field, error] of Object.entries(form.formState.errors.properties ?? {})) {
      const isFilled = (form.getValues().properties[field] ?? "") !== "";
      if (field === edited || error?.type === "found" || (!isText && isFilled))
        form.clearErrors(`properties.${field}`);
    }
  }

  /**
   * After a secret was chosen: at once when nothing else is missing. Choosing one and pressing Check is one check, so one
   * attempt to sign in.
   */
  async function checkIfComplete() {
    if (!isComplete(fields, form.getValues().properties)) return;
    setHasJustBegun(true);
    setTimeout(setHasJustBegun, meantAsCheckMs, false);
    await check({ movesFocus: false });
  }

  /** What stands in the form now. */
  function subjectOf(): CheckSubject {
    const { name, properties } = form.getValues();
    return { kind, name: name.trim() || "New connection", properties: propertiesOf(fields, properties) };
  }

  function isAsChecked(subject: CheckSubject, properties: Record<string, string>): boolean {
    return JSON.stringify(propertiesOf(fields, properties)) === JSON.stringify(subject.properties);
  }

  /** True when the form no longer says what was checked. */
  function isStale(properties: Record<string, string>): boolean {
    return progress.phase === "done" && !isAsChecked(progress.subject, properties);
  }

  return { progress, subjectOf, check, checkIfComplete, cancel, hasJustBegun, isStale, forgetErrors };
}
