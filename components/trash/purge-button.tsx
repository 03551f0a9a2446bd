"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { purgeFromTrashAction } from "@/lib/trash/actions";
import type { TrashItem } from "@/lib/trash/schema";

const texts = {
  automate_unavailable: "Automate is not available. Nothing was purged. Try again in a moment.",
  refused: "It is no longer in the trash: somebody restored or purged it. Reload the page.",
  in_use: "A connection in the trash uses it. Purge that first.",
};

/** Destroys one thing of the trash before its time. */
export function PurgeButton({
  fabricId,
  item: { type, id, name },
}: {
  fabricId: string;
  item: Pick<TrashItem, "type" | "id" | "name">;
}) {
  return (
    <ConfirmedActButton
      verb="Purge"
      name={name}
      title={`Purge “${name}” now?`}
      act={() => purgeFromTrashAction(fabricId, { type, id })}
      done={{ title: type === "secret" ? "Secret purged" : "Connection purged", description: name }}
      texts={texts}
    >
      {type === "secret"
        ? "Its stored values are destroyed now. Nobody can restore them, except from a backup."
        : "Its settings are deleted now. Nobody can restore them, except from a backup."}
    </ConfirmedActButton>
  );
}
