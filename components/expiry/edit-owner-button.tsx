"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { OwnerField } from "@/components/expiry/owner-field";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { Owner } from "@/lib/expiry/schema";
import { setSecretOwnerAction } from "@/lib/secrets/actions";
import { setSecretOwnerForm } from "@/lib/secrets/schema";

const resolver = zodResolver(setSecretOwnerForm);
const texts = { not_a_member: "This person is no longer a member of the team. Choose another one." };
export function EditOwnerButton({
  fabricId,
  secret: { id, owner },
  owners,
}: {
  fabricId: string;
  secret: { id: string; owner: Owner | null };
  owners: readonly Owner[];
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Change owner
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Change owner">
        <DialogForm
          resolver={resolver}
          defaultValues={{ secretId: id, ownerId: owner?.id ?? "" }}
          action={(input) => setSecretOwnerAction(fabricId, input)}
          texts={texts}
          onOk={() => toast("Owner saved")}
          submitLabel="Save"
          needsChange
        >
          <OwnerField owners={owners} owner={owner} />
        </DialogForm>
      </Dialog>
    </>
  );
}
