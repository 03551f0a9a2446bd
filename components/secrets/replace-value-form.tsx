"use client";

import { type ReactNode, useState } from "react";
import { useReplacedToast } from "@/components/candidates/use-replaced-toast";
import { ValueExpiryField } from "@/components/expiry/value-expiry-field";
import { DialogForm } from "@/components/form/dialog-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { DestinationChoice } from "@/components/secrets/destination-choice";
import { resolveReplacement } from "@/components/secrets/replace-form";
import { ReplaceValueFields } from "@/components/secrets/replace-value-fields";
import { emptyValues } from "@/components/secrets/secret-form";
import { SecretUserList } from "@/components/secrets/secret-user-list";
import { createCandidateAction } from "@/lib/candidates/actions";
import type { Result } from "@/lib/result";
import { replaceSecretAction } from "@/lib/secrets/actions";
import { isSingleValue } from "@/lib/secrets/kinds/registry";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** A value that is current now, or a candidate that is not. */
type Stored = { version: number; destinationsKept: boolean } | { candidate: number };

function checkLabel(connections: number): string {
  return connections === 1 ? "Check with 1 connection" : `Check with ${connections} connections`;
}

/**
 * The dialog's body. It starts empty. Closing the dialog unmounts it, and so discards every entered value.
 */
export function ReplaceValueForm({
  fabricId,
  secret: current,
  maxSecretBytes,
  howToSeeNewest = "Reload the page",
  isChecked = current.usedBy > 0,
  candidateStep,
  onReplaced,
}: {
  fabricId: string;
  secret: ReplaceableSecret;
  maxSecretBytes: number;
  /** Tells a person how to see the newest version after someone else replaced the value. */
  howToSeeNewest?: string;
  /** False to make the new value current at once, without checking it first with the connections that use it. */
  isChecked?: boolean;
  /** Shown in the dialog once the new value waits. Without it, the dialog closes, and the page shows the new value. */
  candidateStep?: ReactNode;
  /** Called when the new value is current, and again when it was undone. */
  onReplaced?: () => void;
}) {
  // The page may refresh below the open dialog. The action must compare with the version that the person saw.
  const [secret] = useState(current);
  const toastReplaced = useReplacedToast(fabricId, secret.id);
  return (
    <DialogForm
      resolver={resolveReplacement(secret)}
      defaultValues={{
        ...emptyValues,
        changes: isSingleValue(secret.subKind) ? { value: "replaced" } : {},
        expiresAt: "",
        destinationIds: secret.destinations.map(({ id }) => id),
      }}
      action={async (input, key): Promise<Result<Stored, string>> =>
        isChecked ? createCandidateAction(fabricId, input, key) : replaceSecretAction(fabricId, input, key)
      }
      texts={{
        ...repeatableTexts,
        conflict: `Someone replaced this value after you opened it, so yours was not saved. ${howToSeeNewest} to see the new version, then replace it again if necessary.`,
      }}
      outcome={(stored) => ("candidate" in stored ? candidateStep : null)}
      onOk={(stored) => {
        if ("candidate" in stored) return;
        toastReplaced(stored, onReplaced);
        onReplaced?.();
      }}
      submitLabel={isChecked ? checkLabel(secret.usedBy) : "Replace"}
    >
      {secret.isRotated && (
        <p>
          Selvage rotates this value: enter one that is set at the server already, and the next rotation
          replaces it.
        </p>
      )}
      {secret.connections.length + secret.readers.length > 0 && (
        <>
          <p className="text-muted">
            {isChecked
              ? "The current value stays until you promote the new one. First, these connections are checked with it. Pipelines get it at their next read after that."
              : "These connections use the new value at once. Pipelines get it at their next read."}
          </p>
          <SecretUserList fabricId={fabricId} users={secret} />
        </>
      )}
      <ReplaceValueFields secret={secret} maxSecretBytes={maxSecretBytes} />
      <ValueExpiryField current={secret.expiry} />
      <DestinationChoice secret={secret} />
    </DialogForm>
  );
}
