"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { revokeTokenAction } from "@/lib/tokens/actions";

const texts = { automate_unavailable: "Automate does not answer. The token still works." };

export function RevokeTokenButton({
  fabricId,
  token,
}: {
  fabricId: string;
  token: { id: string; name: string };
}) {
  const confirm = useDialog();
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  async function revoke() {
    setError(null);
    const run = reauthenticate.protect(revokeTokenAction);
    const result = await run(fabricId, { tokenId: token.id }).catch(() => null);
    if (!result) return setError(errorText("unexpected"));
    if (result.ok) {
      confirm.close();
      toast("Token revoked", { description: token.name });
    } else if (result.code !== "reauthenticate") setError(errorText(result.code, texts));
  }

  return (
    <>
      <Button
        size="sm"
        onClick={() => {
          setError(null);
          confirm.open();
        }}
      >
        Revoke<span className="sr-only"> {token.name}</span>
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={revoke}
        title={`Revoke “${token.name}”?`}
        confirmLabel="Revoke"
        tone="danger"
        error={error}
      >
        Pipelines that use it can read no secret from now on. This cannot be undone.
        {reauthenticate.dialog}
      </ConfirmDialog>
    </>
  );
}
