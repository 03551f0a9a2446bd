"use client";

import { ConfirmChangesButton } from "@/components/tokens/connection-changes";
import { confirmIssuerAction } from "@/lib/issuers/actions";
import type { ConnectionChange } from "@/lib/tokens/schema";

export function ConfirmIssuerButton({
  fabricId,
  issuer: { id, name },
  changes,
}: {
  fabricId: string;
  issuer: { id: string; name: string };
  changes: readonly ConnectionChange[];
}) {
  return (
    <ConfirmChangesButton
      name={name}
      changes={changes}
      confirm={(connections) => confirmIssuerAction(fabricId, { issuerId: id, connections })}
    />
  );
}
