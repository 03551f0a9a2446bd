"use client";

import { queryOptions, useQuery } from "@tanstack/react-query";
import { useContext } from "react";
import { CandidatePanel } from "@/components/candidates/candidate-panel";
import { Banner } from "@/components/ui/banner";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { DialogGuardContext } from "@/components/ui/dialog-guard";
import type { CandidateDetail } from "@/lib/candidates/schema";

/** The new value of a secret that waits; null without one. */
export function openCandidate(fabricId: string, secretId: string) {
  return queryOptions({
    queryKey: ["open-candidate", fabricId, secretId],
    gcTime: 0,
    queryFn: async ({ signal }): Promise<CandidateDetail | null> => {
      const response = await fetch(`/api/app/fabrics/${fabricId}/secrets/${secretId}/candidate`, { signal });
      if (!response.ok) throw new Error("The new value could not be loaded.");
      return JSON.parse(await response.text(), withDates);
    },
  });
}

/** JSON has texts for the members that are dates: those whose names end in `At`, and `since`. */
function withDates(key: string, value: unknown): unknown {
  return typeof value === "string" && (key.endsWith("At") || key === "since") ? new Date(value) : value;
}

/**
 * The body of a dialog that shows the new value of a secret: its checks, and the buttons that promote or discard it.
 * Closes the dialog once the value does not wait any more.
 */
export function NewValueStep({
  fabricId,
  secretId,
  isAdmin,
  onPromoted,
}: {
  fabricId: string;
  secretId: string;
  isAdmin: boolean;
  onPromoted: () => void;
}) {
  const { close } = useContext(DialogGuardContext);
  const candidate = useQuery(openCandidate(fabricId, secretId));

  async function onChange(isNowCurrent: boolean) {
    if (isNowCurrent) {
      onPromoted();
      return close();
    }
    const { data, isError } = await candidate.refetch();
    if (!isError && data === null) close();
  }

  return (
    <>
      <DialogBody>
        {candidate.isError && (
          <Banner tone="danger">
            The new value could not be loaded. Close this dialog and open it again.
          </Banner>
        )}
        {candidate.data === null && !candidate.isFetching && (
          <Banner tone="info">
            This new value does not wait any more: somebody promoted or discarded it.
          </Banner>
        )}
        {candidate.data && (
          <CandidatePanel
            key={candidate.data.candidate}
            fabricId={fabricId}
            candidate={candidate.data}
            isAdmin={isAdmin}
            onChange={(promoted) => void onChange(promoted)}
          />
        )}
        <p className="text-muted">
          The connections are checked with their saved settings. You can close this dialog: the new value
          waits on the secret’s page, too.
        </p>
      </DialogBody>
      <DialogFooter>
        <DialogClose>Close</DialogClose>
      </DialogFooter>
    </>
  );
}
