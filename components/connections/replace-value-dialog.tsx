"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { replaceableSecret } from "@/components/connections/secret-options";
import { ReplaceValueForm } from "@/components/secrets/replace-value-form";
import { Banner } from "@/components/ui/banner";
import { Dialog, DialogBody, DialogClose, DialogFooter, FocusFirstField } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import type { SecretOption } from "@/lib/secrets/schema";

/**
 * The dialog Replace value for the secret that a picker has chosen. Render it outside any form, like Add
 * Secret.
 */
export function ReplaceValueDialog({
  secret,
  onClose,
  returnFocus,
  ...body
}: {
  fabricId: string;
  /** Null while the dialog is closed. */
  secret: SecretOption | null;
  onClose: () => void;
  returnFocus: () => HTMLElement | null;
  maxSecretBytes: number;
  onReplaced: (secretId: string) => void;
}) {
  // Keep showing the same secret while the closing dialog fades out.
  const [shown, setShown] = useState(secret);
  if (secret !== null && secret !== shown) setShown(secret);
  return (
    <Dialog
      isOpen={secret !== null}
      onClose={onClose}
      title="Replace value"
      description={<span className="[overflow-wrap:anywhere]">{shown?.name}</span>}
      returnFocus={returnFocus}
    >
      {shown && <ReplaceValue {...body} secretId={shown.id} />}
    </Dialog>
  );
}

function ReplaceValue({
  fabricId,
  secretId,
  maxSecretBytes,
  onReplaced,
}: {
  fabricId: string;
  secretId: string;
  maxSecretBytes: number;
  onReplaced: (secretId: string) => void;
}) {
  const secret = useQuery(replaceableSecret(fabricId, secretId));
  if (secret.data)
    return (
      <FocusFirstField>
        <ReplaceValueForm
          fabricId={fabricId}
          secret={secret.data}
          maxSecretBytes={maxSecretBytes}
          howToSeeNewest="Close this dialog and open it again"
          isAtOnce
          onReplaced={() => onReplaced(secretId)}
        />
      </FocusFirstField>
    );
  return (
    <>
      <DialogBody>
        {secret.isError ? (
          <Banner tone="danger">The secret could not be loaded. Close this dialog and open it again.</Banner>
        ) : (
          <div role="status" aria-label="Loading the secret" className="flex flex-col gap-3">
            <Skeleton className="h-5 w-24" />
            <Skeleton className="h-24 w-full" />
          </div>
        )}
      </DialogBody>
      <DialogFooter>
        <DialogClose>Cancel</DialogClose>
      </DialogFooter>
    </>
  );
}
