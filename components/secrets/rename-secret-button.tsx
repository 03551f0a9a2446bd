"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { RecentReaders } from "@/components/secrets/recent-readers";
import { SecretNameField } from "@/components/secrets/secret-name-field";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { renameSecretAction } from "@/lib/secrets/actions";
import { renameSecretInput } from "@/lib/secrets/schema";

type Props = {
  fabricId: string;
  secret: { id: string; name: string };
  readers: { name: string; lastReadAt: Date }[];
};

export function RenameSecretButton(props: Props) {
  const dialog = useDialog();
  return (
    <>
      <Button onClick={dialog.open}>Rename</Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Rename secret">
        <RenameSecretForm {...props} onDone={dialog.close} />
      </Dialog>
    </>
  );
}

function RenameSecretForm({ fabricId, secret, readers, onDone }: Props & { onDone: () => void }) {
  const toast = useToast();
  const form = useForm({
    resolver: zodResolver(renameSecretInput),
    defaultValues: { secretId: secret.id, name: secret.name },
  });
  const { isDirty, isSubmitting } = form.formState;
  const { submit, formError } = useActionForm(
    (input: { secretId: string; name: string }) => renameSecretAction(fabricId, input),
    form,
    {
      onOk(_none, { name }) {
        onDone();
        toast("Secret renamed", { description: name });
      },
    },
  );
  useDialogGuard(isDirty);

  return (
    <FormProvider {...form}>
      <form className="contents" onSubmit={submit} noValidate>
        <DialogBody>
          <FormError error={formError} />
          <SecretNameField />
          <RecentReaders name={secret.name} readers={readers} />
        </DialogBody>
        <DialogFooter>
          <DialogCancel />
          <Button type="submit" variant="primary" isPending={isSubmitting} disabled={!isDirty}>
            Rename
          </Button>
        </DialogFooter>
      </form>
    </FormProvider>
  );
}
