"use client";

import { useState } from "react";
import { ValueExpiryField } from "@/components/expiry/value-expiry-field";
import { DialogForm } from "@/components/form/dialog-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { DestinationChoice } from "@/components/secrets/destination-choice";
import { resolveReplacement } from "@/components/secrets/replace-form";
import { ReplaceValueFields } from "@/components/secrets/replace-value-fields";
import { emptyValues } from "@/components/secrets/secret-form";
import { SecretUserList } from "@/components/secrets/secret-user-list";
import { useToast } from "@/components/ui/toast";
import { replaceSecretAction } from "@/lib/secrets/actions";
import { isSingleValue } from "@/lib/secrets/kinds/registry";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/**
 * The dialog's body. It starts empty. Closing the dialog unmounts it, and so discards every entered value.
 */
export function ReplaceValueForm({
  fabricId,
  secret: current,
  maxSecretBytes,
  howToSeeNewest = "Reload the page",
  onReplaced,
}: {
  fabricId: string;
  secret: ReplaceableSecret;
  maxSecretBytes: number;
  /** Tells a person how to see the newest version after someone else replaced the value. */
  howToSeeNewest?: string;
  onReplaced?: () => void;
}) {
  // The page may refresh below the open dialog. The action must compare with the version that the person saw.
  const [secret] = useState(current);
  const toast = useToast();
  return (
    <DialogForm
      resolver={resolveReplacement(secret)}
      defaultValues={{
        ...emptyValues,
        changes: isSingleValue(secret.subKind) ? { value: "replaced" } : {},
        expiresAt: "",
        destinationIds: secret.destinations.map(({ id }) => id),
      }}
      action={(input, key) => replaceSecretAction(fabricId, input, key)}
      texts={{
        ...repeatableTexts,
        conflict: `Someone replaced this value after you opened it, so yours was not saved. ${howToSeeNewest} to see the new version, then replace it again if necessary.`,
      }}
      onOk={({ version, destinationsKept }) => {
        const description = destinationsKept
          ? `Version ${version} is the current one.`
          : `Version ${version} is the current one. No destination is allowed for it yet: someone else entered a part of it, or Automate is not available.`;
        toast("Value replaced", { description });
        onReplaced?.();
      }}
      submitLabel="Replace"
    >
      {secret.connections.length + secret.readers.length > 0 && (
        <>
          <p className="text-muted">
            These connections use the new value at once. Pipelines get it at their next read.
          </p>
          <SecretUserList fabricId={fabricId} users={secret} />
        </>
      )}
      <ReplaceValueFields secret={secret} maxSecretBytes={maxSecretBytes} />
      <ValueExpiryField />
      <DestinationChoice secret={secret} />
    </DialogForm>
  );
}
