"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { NewValueStep, openCandidate } from "@/components/candidates/new-value-step";
import { replaceableSecret } from "@/components/connections/secret-options";
import { isUsedByOthers } from "@/components/secrets/replace-form";
import { ReplaceValueForm } from "@/components/secrets/replace-value-form";
import { Banner } from "@/components/ui/banner";
import { Dialog, DialogBody, DialogClose, DialogFooter, FocusFirstField } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import type { SecretOption } from "@/lib/secrets/schema";

type BodyProps = {
  fabricId: string;
  /** The saved connection of the form; absent for a new one. */
  connectionId: string | undefined;
  isAdmin: boolean;
  maxSecretBytes: number;
  /** Called when another value is current: the new one, or again the former one. */
  onReplaced: () => void;
};

/**
 * The dialog Replace value for the secret that a picker has chosen. Render it outside any form, like Add
 * Secret.
 */
export function ReplaceValueDialog({
  secret,
  onClose,
  returnFocus,
  ...body
}: BodyProps & {
  /** Null while the dialog is closed. */
  secret: SecretOption | null;
  onClose: () => void;
  returnFocus: () => HTMLElement | null;
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

/** The form for a new value. Shows instead the new value that waits, if somebody has entered one. */
function ReplaceValue({ secretId, ...props }: BodyProps & { secretId: string }) {
  const { fabricId, isAdmin, onReplaced } = props;
  const secret = useQuery(replaceableSecret(fabricId, secretId));
  const candidate = useQuery(openCandidate(fabricId, secretId));
  // The candidate that is entered here appears as the outcome of the form, which then stays.
  const [isWaiting, setIsWaiting] = useState<boolean | null>(null);
  if (isWaiting === null && candidate.data !== undefined) setIsWaiting(candidate.data !== null);
  const newValue = (
    <NewValueStep fabricId={fabricId} secretId={secretId} isAdmin={isAdmin} onPromoted={onReplaced} />
  );
  if (isWaiting) return newValue;
  if (isWaiting === false && secret.data)
    return (
      <FocusFirstField>
        <ReplaceValueForm
          fabricId={fabricId}
          secret={secret.data}
          maxSecretBytes={props.maxSecretBytes}
          howToSeeNewest="Close this dialog and open it again"
          isChecked={isUsedByOthers(secret.data, props.connectionId)}
          candidateStep={newValue}
          onReplaced={onReplaced}
        />
      </FocusFirstField>
    );
  return <Loading isError={secret.isError || candidate.isError} />;
}

function Loading({ isError }: { isError: boolean }) {
  return (
    <>
      <DialogBody>
        {isError ? (
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
