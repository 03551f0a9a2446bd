"use client";

import { FormProvider, useForm, useWatch } from "react-hook-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { SecretDescriptionField } from "@/components/secrets/secret-description-field";
import type { CreatedSecret } from "@/components/secrets/secret-form";
import { emptyValues, resolveNewSecret, type SecretFormValues } from "@/components/secrets/secret-form";
import { SecretNameField } from "@/components/secrets/secret-name-field";
import { SecretTypeField } from "@/components/secrets/secret-type-field";
import { SecretValueFields } from "@/components/secrets/secret-value-fields";
import { inMemory } from "@/components/secrets/text-source";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { useToast } from "@/components/ui/toast";
import { createSecretAction } from "@/lib/secrets/actions";
import { type SubKind, subKinds } from "@/lib/secrets/kinds/registry";
import type { CreateSecretInput } from "@/lib/secrets/schema";

/** The dialog's body. Closing the dialog unmounts it, and so discards every entered value. */
export function AddSecretForm({
  fabricId,
  allowedSubKinds = subKinds,
  initialSubKind = allowedSubKinds[0] ?? "text",
  maxSecretBytes,
  onCreated,
  onClose,
}: {
  fabricId: string;
  allowedSubKinds?: readonly SubKind[];
  initialSubKind?: SubKind;
  maxSecretBytes: number;
  onCreated?: (secret: CreatedSecret) => void;
  onClose: () => void;
}) {
  const form = useForm<SecretFormValues, unknown, CreateSecretInput>({
    defaultValues: { subKind: initialSubKind, name: "", description: "", ...emptyValues },
    resolver: resolveNewSecret,
  });
  const toast = useToast();
  const { submit, formError } = useActionForm(
    (input: CreateSecretInput, key) => createSecretAction(fabricId, input, key),
    form,
    {
      texts: {
        ...repeatableTexts,
        no_key: "Automate has not made this fabric's key yet. Try again in a moment.",
      },
      onOk(created) {
        onClose();
        toast("Secret created", { description: created.name });
        onCreated?.(created);
      },
    },
  );
  const { isSubmitting, dirtyFields } = form.formState;
  const subKind = useWatch({ control: form.control, name: "subKind" });
  useDialogGuard(Object.keys(dirtyFields).some((field) => field !== "subKind"));

  async function storeAsBinary(file: File) {
    form.setValue("subKind", "binary");
    form.setValue("fields.value", "");
    form.setValue("file", await inMemory(file), { shouldDirty: true });
  }

  return (
    <FormProvider {...form}>
      <form className="contents" onSubmit={submit} noValidate autoComplete="off">
        <DialogBody>
          <FormError error={formError} />
          <SecretTypeField allowed={allowedSubKinds} />
          <SecretNameField />
          <SecretValueFields
            key={subKind}
            subKind={subKind}
            maxSecretBytes={maxSecretBytes}
            {...(allowedSubKinds.includes("binary") ? { onStoreAsBinary: storeAsBinary } : {})}
          />
          <SecretDescriptionField />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Create
          </Button>
        </DialogFooter>
      </form>
    </FormProvider>
  );
}
