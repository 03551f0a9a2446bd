"use client";

import { ConfirmChangesButton } from "@/components/pipeline-tokens/connection-changes";
import type { ConnectionChange } from "@/lib/pipeline-tokens/schema";
import { confirmIssuerAction } from "@/lib/trusted-issuers/actions";

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
