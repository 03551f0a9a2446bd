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
import { Link } from "@/components/ui/link";
import { useToast } from "@/components/ui/toast";
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
  isAtOnce = false,
  onReplaced,
}: {
  fabricId: string;
  secret: ReplaceableSecret;
  maxSecretBytes: number;
  /** Tells a person how to see the newest version after someone else replaced the value. */
  howToSeeNewest?: string;
  /** True to replace the value without checking it first with the connections that use it. */
  isAtOnce?: boolean;
  onReplaced?: () => void;
}) {
  // The page may refresh below the open dialog. The action must compare with the version that the person saw.
  const [secret] = useState(current);
  const toast = useToast();
  // A new value is first tried with the connections that use the secret. Nothing tries one that no connection uses.
  const isChecked = !isAtOnce && secret.usedBy > 0;
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
      onOk={(stored) => {
        if ("candidate" in stored) return;
        const { version, destinationsKept } = stored;
        const description = destinationsKept
          ? `Version ${version} is the current one.`
          : `Version ${version} is the current one. No destination is allowed for it yet: someone else entered a part of it, or Automate is not available.`;
        toast("Value replaced", { description });
        onReplaced?.();
      }}
      submitLabel={isChecked ? checkLabel(secret.usedBy) : "Replace"}
    >
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
      <ValueExpiryField />
      <DestinationChoice secret={secret} />
      {isAtOnce && secret.usedBy > 1 && (
        <p className="text-muted">
          The new value is current at once.{" "}
          <Link
            href={`/metadata/fabrics/${fabricId}/secrets/${secret.id}`}
            target="_blank"
            className="rounded-sm font-medium text-accent-text hover:underline"
          >
            On the secret’s page
          </Link>{" "}
          you can check it with all of these connections first.
        </p>
      )}
    </DialogForm>
  );
}
