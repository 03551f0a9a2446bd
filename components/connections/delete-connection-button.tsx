"use client";

import { Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { PipelineLink } from "@/components/pipelines/read-table";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { restorableText, useDeletedToast } from "@/components/trash/use-deleted-toast";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteConnectionAction } from "@/lib/connections/actions";
import type { PipelineRead } from "@/lib/pipelines/schema";
import { usedForDays } from "@/lib/secrets/schema";

export function DeleteConnectionButton({
  fabricId,
  connection: { id, name },
  trashDays,
  reads,
  rotations,
}: {
  fabricId: string;
  /** How long it can be restored. */
  trashDays: number;
  connection: { id: string; name: string };
  /** The secrets whose passwords are set through it. */
  rotations: readonly { id: string; name: string }[];
  /** Who reads through it. */
  reads: readonly (Pick<PipelineRead, "pipeline" | "lastReadAt"> & { pipelineId: string })[];
}) {
  const dialog = useDialog();
  const router = useRouter();
  const showDeleted = useDeletedToast(fabricId);
  // Newest first, so that the first row of each pipeline has its last read.
  const pipelines = [
    ...new Map([...reads].reverse().map((read) => [`${read.pipelineId} ${read.pipeline}`, read])).values(),
  ].reverse();
  return (
    <>
      <Button icon={<Trash2 aria-hidden />} onClick={dialog.open}>
        Delete
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Delete “${name}”?`}
        confirmLabel="Delete"
        tone="danger"
        act={() => deleteConnectionAction(fabricId, { connectionId: id })}
        onDone={() => {
          showDeleted({ type: "connection", id, name }, { trashDays });
          router.replace(`/metadata/fabrics/${fabricId}/connections`);
        }}
      >
        {pipelines.length === 0 ? (
          <p>
            No pipeline has read through it in the last {usedForDays} days. Its secrets stay in the fabric.
          </p>
        ) : (
          <>
            <p>These pipelines read through it and stop working. Its secrets stay in the fabric.</p>
            <ul className="mt-3 divide-y divide-line rounded-md border border-line text-left text-ink">
              {pipelines.map(({ pipelineId, pipeline, lastReadAt }) => (
                <li
                  key={`${pipelineId} ${pipeline}`}
                  className="flex flex-wrap justify-between gap-x-4 px-3 py-2"
                >
                  <PipelineLink fabricId={fabricId} id={pipelineId} name={pipeline} />
                  <span className="text-muted text-sm">
                    read <RelativeTime date={lastReadAt} />
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
        {rotations.length > 0 && (
          <p className="mt-3">
            The {rotations.length === 1 ? "rotation" : "rotations"} of{" "}
            {rotations.map((secret) => secret.name).join(", ")}{" "}
            {rotations.length === 1 ? "goes through it, and fails" : "go through it, and fail"} until the
            connection is restored, or an Admin edits or ends{" "}
            {rotations.length === 1 ? "that rotation" : "those rotations"}.
          </p>
        )}
        <p className="mt-3">{restorableText(trashDays)}</p>
      </ConfirmedActDialog>
    </>
  );
}
