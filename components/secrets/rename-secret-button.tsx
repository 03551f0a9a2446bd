"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { DialogForm } from "@/components/form/dialog-form";
import { SecretNameField } from "@/components/secrets/secret-name-field";
import { SecretUserList } from "@/components/secrets/secret-user-list";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { renameSecretAction } from "@/lib/secrets/actions";
import { renameSecretInput, type SecretUsers } from "@/lib/secrets/schema";

const resolver = zodResolver(renameSecretInput);
export function RenameSecretButton({ fabricId, users }: { fabricId: string; users: SecretUsers }) {
  const { id, name, usedBy, readers } = users;
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
          {usedBy + readers.length > 0 && (
            <>
              <p className="text-muted [overflow-wrap:anywhere]">
                Everything that uses the secret keeps working. Pipelines can still read it as “{name}”.
              </p>
              <SecretUserList fabricId={fabricId} users={users} />
            </>
          )}
          <SecretNameField />
        </DialogForm>
      </Dialog>
    </>
  );
}
