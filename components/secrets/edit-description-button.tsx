"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { DialogForm } from "@/components/form/dialog-form";
import { SecretDescriptionField } from "@/components/secrets/secret-description-field";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { describeSecretAction } from "@/lib/secrets/actions";
import { describeSecretInput } from "@/lib/secrets/schema";

const resolver = zodResolver(describeSecretInput);
export function EditDescriptionButton({
  fabricId,
  secret: { id, description },
}: {
  fabricId: string;
  secret: { id: string; description: string };
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button onClick={dialog.open}>Edit description</Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Edit description">
        <DialogForm
          resolver={resolver}
          defaultValues={{ secretId: id, description }}
          action={(input) => describeSecretAction(fabricId, input)}
          onOk={() => toast("Description saved")}
          submitLabel="Save"
          needsChange
        >
          <SecretDescriptionField />
        </DialogForm>
      </Dialog>
    </>
  );
}
