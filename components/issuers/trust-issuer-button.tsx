"use client";

import { Plus } from "lucide-react";
import { TrustIssuerForm } from "@/components/issuers/trust-issuer-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";

export function TrustIssuerButton({ fabricId }: { fabricId: string }) {
  const dialog = useDialog();
  return (
    <>
      <Button icon={<Plus aria-hidden />} onClick={dialog.open}>
        Trust an issuer
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Trust an issuer"
        description="Workloads that it gives tokens to can read every secret of this fabric, or those that you limit them to."
      >
        <TrustIssuerForm fabricId={fabricId} onDone={dialog.close} />
      </Dialog>
    </>
  );
}
