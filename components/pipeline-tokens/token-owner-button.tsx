"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { OwnerField } from "@/components/expiry/owner-field";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { Owner } from "@/lib/expiry/schema";
import { setTokenOwnerAction } from "@/lib/pipeline-tokens/actions";
import { setTokenOwnerForm } from "@/lib/pipeline-tokens/schema";

const resolver = zodResolver(setTokenOwnerForm);
const texts = {
  automate_unavailable: "Automate is not available, so the owner was not changed. Try again in a moment.",
  refused: "The token is revoked, or this person is no longer a member of the team. Reload the page.",
};

export function TokenOwnerButton({
  fabricId,
  token: { id, name, owner },
  owners,
}: {
  fabricId: string;
  token: { id: string; name: string; owner: Owner | null };
  owners: readonly Owner[];
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        Change owner<span className="sr-only"> of {name}</span>
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title={`Change owner of “${name}”`}>
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{ tokenId: id, ownerId: owner?.id ?? "" }}
          action={(input) => setTokenOwnerAction(fabricId, input)}
          texts={texts}
          onOk={() => toast("Owner saved", { description: name })}
          submitLabel="Save"
          needsChange
        >
          <OwnerField owners={owners} owner={owner} />
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
