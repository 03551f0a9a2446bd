"use client";

import { ConfirmChangesButton } from "@/components/pipeline-tokens/connection-changes";
import { confirmPipelineTokenAction } from "@/lib/pipeline-tokens/actions";
import type { ConnectionChange } from "@/lib/pipeline-tokens/schema";

export function ConfirmTokenButton({
  fabricId,
  token: { id, name },
  changes,
}: {
  fabricId: string;
  token: { id: string; name: string };
  changes: readonly ConnectionChange[];
}) {
  return (
    <ConfirmChangesButton
      name={name}
      changes={changes}
      confirm={(connections) => confirmPipelineTokenAction(fabricId, { tokenId: id, connections })}
    />
  );
}
