"use client";

import { useState } from "react";
import { FormProvider, useForm } from "react-hook-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { DestinationChoice } from "@/components/secrets/destination-choice";
import { type ReplaceFormValues, resolveReplacement } from "@/components/secrets/replace-form";
import { ReplaceValueFields } from "@/components/secrets/replace-value-fields";
import { emptyValues } from "@/components/secrets/secret-form";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { useToast } from "@/components/ui/toast";
import { replaceSecretAction } from "@/lib/secrets/actions";
import type { ReplaceableSecret, ReplaceSecretInput } from "@/lib/secrets/schema";

/**
 * The dialog's body. It starts empty. Closing the dialog unmounts it, and so discards every entered value.
 */
export function ReplaceValueForm({
  fabricId,
  secret: current,
  maxSecretBytes,
  howToSeeNewest = "Reload the page",
  onDone,
}: {
  fabricId: string;
  secret: ReplaceableSecret;
  maxSecretBytes: number;
  /** What to do after another person replaced the value. */
  howToSeeNewest?: string;
  onDone: () => void;
}) {
  // The page may refresh below the open dialog. The action must compare with the version that the person saw.
  const [secret] = useState(current);
  const toast = useToast();
  const form = useForm<ReplaceFormValues, unknown, ReplaceSecretInput>({
    defaultValues: {
      ...emptyValues,
      fates: secret.subKind === "text" || secret.subKind === "binary" ? { value: "replaced" } : {},
      destinationIds: secret.destinations.map(({ id }) => id),
    },
    resolver: resolveReplacement(secret),
  });
  const { isDirty, isSubmitting, errors } = form.formState;
  const { submit, formError } = useActionForm(
    (input: ReplaceSecretInput, key) => replaceSecretAction(fabricId, input, key),
    form,
    {
      texts: {
        ...repeatableTexts,
        conflict: `Somebody replaced this value after you opened it, so yours was not saved. ${howToSeeNewest} to see the new version, and replace it if yours is still right.`,
      },
      onOk({ version, carried }) {
        onDone();
        const description = carried
          ? `Version ${version} is the current one.`
          : `Version ${version} is the current one. No destination is allowed for it yet: somebody else entered a part of it, or Automate does not answer.`;
        toast("Value replaced", { description });
      },
    },
  );
  useDialogGuard(isDirty);

  return (
    <FormProvider {...form}>
      <form className="contents" onSubmit={submit} noValidate autoComplete="off">
        <DialogBody>
          <FormError error={formError ?? errors.root?.message ?? null} />
          <ReplaceValueFields secret={secret} maxSecretBytes={maxSecretBytes} />
          <DestinationChoice secret={secret} />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Replace
          </Button>
        </DialogFooter>
      </form>
    </FormProvider>
  );
}
