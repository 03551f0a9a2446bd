"use client";

import type { UseFormReturn } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form";
import { useCheck } from "@/components/connections/use-check";
import { checkTexts } from "@/lib/connectors/check-texts";
import { type ConnectorForm, isComplete, propertiesOf } from "@/lib/connectors/form";

/** The check of what stands in the form; what it finds is put on the field that it concerns. */
export function useConnectionCheck(
  fabricId: string,
  { kind, fields }: ConnectorForm,
  form: UseFormReturn<ConnectionFormValues>,
) {
  const { progress, start, cancel } = useCheck(fabricId);

  /** Only who pressed Check is led to what is missing: a check that began by itself leaves the focus alone. */
  async function check({ movesFocus = true } = {}) {
    const { name, properties } = form.getValues();
    form.clearErrors("properties");
    const subject = {
      kind,
      name: name.trim() || "New connection",
      properties: propertiesOf(fields, properties),
    };
    const answer = await start(subject);
    if (answer?.type === "invalid") {
      for (const [index, [field, message]] of Object.entries(answer.fieldErrors).entries()) {
        form.setError(
          `properties.${field}`,
          { type: "check", message },
          { shouldFocus: movesFocus && index === 0 },
        );
      }
    } else if (answer && !answer.ok && answer.field) {
      const { title, advice } = checkTexts[answer.code];
      form.setError(`properties.${answer.field}`, { type: "check", message: `${title} ${advice}` });
    }
  }

  /** After a secret was chosen: at once when nothing else is missing. */
  async function checkIfComplete() {
    if (isComplete(fields, form.getValues().properties)) await check({ movesFocus: false });
  }

  /** True when the form no longer says what was checked. */
  function isStale(properties: Record<string, string>): boolean {
    return (
      progress.phase === "done" &&
      JSON.stringify(propertiesOf(fields, properties)) !== JSON.stringify(progress.subject.properties)
    );
  }

  return { progress, check, checkIfComplete, cancel, isStale };
}
