"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { revokeAccessTokenAction } from "@/lib/access-tokens/actions";

export function RevokeAccessTokenButton({ token: { id, name } }: { token: { id: string; name: string } }) {
  const confirm = useDialog();
  const toast = useToast();
  const [error, setError] = useState<string | null>(null);

  async function revoke() {
    setError(null);
    const result = await revokeAccessTokenAction({ accessTokenId: id }).catch(() => null);
    if (!result?.ok) return setError(errorText(result?.code ?? "unexpected"));
    confirm.close();
    toast("Token revoked", { description: name });
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
        Revoke<span className="sr-only"> {name}</span>
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={revoke}
        title={`Revoke “${name}”?`}
        confirmLabel="Revoke"
        tone="danger"
        error={error}
      >
        Scripts that use it are refused from now on. This cannot be undone.
      </ConfirmDialog>
    </>
  );
}
