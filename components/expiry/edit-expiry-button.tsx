"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { ExpiryField } from "@/components/expiry/expiry-field";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { dayOf, type Expiry } from "@/lib/expiry/schema";
import { setSecretExpiryAction } from "@/lib/secrets/actions";
import { setSecretExpiryForm } from "@/lib/secrets/schema";

const resolver = zodResolver(setSecretExpiryForm);
export function EditExpiryButton({
  fabricId,
  secret: { id, expiry },
}: {
  fabricId: string;
  secret: { id: string; expiry: Expiry | null };
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Edit expiry
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Edit expiry">
        <DialogForm
          resolver={resolver}
          defaultValues={{ secretId: id, expiresAt: expiry?.source === "entered" ? dayOf(expiry.at) : "" }}
          action={(input) => setSecretExpiryAction(fabricId, input)}
          onOk={() => toast("Expiry saved")}
          submitLabel="Save"
          needsChange
        >
          <ExpiryField hint="The owner is reminded 30, 7 and 1 days before, and on the last day. Empty: the date that the value itself carries, if any." />
        </DialogForm>
      </Dialog>
    </>
  );
}
