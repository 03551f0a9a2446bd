"use client";

import { Plus } from "lucide-react";
import { TrustIssuerForm } from "@/components/trusted-issuers/trust-issuer-form";
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
        description="Workloads with a token from this issuer can read every secret of this fabric, unless you limit them below."
      >
        <TrustIssuerForm fabricId={fabricId} onDone={dialog.close} />
      </Dialog>
    </>
  );
}
