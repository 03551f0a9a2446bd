"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { SecretDescriptionField } from "@/components/secrets/secret-description-field";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { describeSecretAction } from "@/lib/secrets/actions";
import { describeSecretInput } from "@/lib/secrets/schema";

type Props = { fabricId: string; secret: { id: string; description: string } };

export function EditDescriptionButton(props: Props) {
  const dialog = useDialog();
  return (
    <>
      <Button onClick={dialog.open}>Edit description</Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Edit description">
        <EditDescriptionForm {...props} onDone={dialog.close} />
      </Dialog>
    </>
  );
}

function EditDescriptionForm({ fabricId, secret, onDone }: Props & { onDone: () => void }) {
  const toast = useToast();
  const form = useForm({
    resolver: zodResolver(describeSecretInput),
    defaultValues: { secretId: secret.id, description: secret.description },
  });
  const { isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(
    (input: { secretId: string; description: string }) => describeSecretAction(fabricId, input),
    form,
    {
      onOk() {
        onDone();
        toast("Description saved");
      },
    },
  );
  useDialogGuard(isDirty);

  return (
    <FormProvider {...form}>
      <form className="contents" onSubmit={submit} noValidate>
        <DialogBody>
          <FormError error={formError} />
          <SecretDescriptionField />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting}>
            Save
          </Button>
        </DialogFooter>
      </form>
    </FormProvider>
  );
}
