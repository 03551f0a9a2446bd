"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { DialogForm } from "@/components/form/dialog-form";
import { RecentReaders } from "@/components/secrets/recent-readers";
import { SecretNameField } from "@/components/secrets/secret-name-field";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { renameSecretAction } from "@/lib/secrets/actions";
import { renameSecretInput, type SecretDetail } from "@/lib/secrets/schema";

const resolver = zodResolver(renameSecretInput);
export function RenameSecretButton({
  fabricId,
  secret: { id, name, readers },
}: {
  fabricId: string;
  secret: Pick<SecretDetail, "id" | "name" | "readers">;
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button onClick={dialog.open}>Rename</Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Rename secret">
        <DialogForm
          resolver={resolver}
          defaultValues={{ secretId: id, name }}
          action={(input) => renameSecretAction(fabricId, input)}
          onOk={(_none, input) => toast("Secret renamed", { description: input.name })}
          submitLabel="Rename"
          needsChange
        >
          <SecretNameField />
          <RecentReaders name={name} readers={readers} />
        </DialogForm>
      </Dialog>
    </>
  );
}
