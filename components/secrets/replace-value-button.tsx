"use client";

import { RefreshCw } from "lucide-react";
import { ReplaceValueForm } from "@/components/secrets/replace-value-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

export function ReplaceValueButton({
  fabricId,
  secret,
  maxSecretBytes,
}: {
  fabricId: string;
  secret: ReplaceableSecret;
  maxSecretBytes: number;
}) {
  const dialog = useDialog();
  return (
    <>
      <Button variant="primary" icon={<RefreshCw aria-hidden />} onClick={dialog.open}>
        Replace value
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Replace value"
        description={<span className="[overflow-wrap:anywhere]">{secret.name}</span>}
      >
        <ReplaceValueForm fabricId={fabricId} secret={secret} maxSecretBytes={maxSecretBytes} />
      </Dialog>
    </>
  );
}
