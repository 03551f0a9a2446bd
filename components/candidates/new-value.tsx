"use client";

import { useRef } from "react";
import { CandidatePanel } from "@/components/candidates/candidate-panel";
import { PromotedPanel } from "@/components/candidates/promoted-panel";
import { Banner } from "@/components/ui/banner";
import type { CandidateDetail, UndoOffer } from "@/lib/candidates/schema";
import type { SecretDetail } from "@/lib/secrets/schema";

/** The newest candidate of a secret, while it is open, or was closed less than a day ago. */
export function NewValue({
  fabricId,
  candidate,
  secret,
  undo,
  isAdmin,
  isRecent,
}: {
  fabricId: string;
  candidate: CandidateDetail;
  secret: Pick<SecretDetail, "version" | "readers">;
  undo: UndoOffer | null;
  isAdmin: boolean;
  /** True for a candidate that was closed less than a day ago, or not at all. */
  isRecent: boolean;
}) {
  const { state, candidate: number, promotedVersion, createdByName } = candidate;
  const isJustPromoted = useRef(false);
  if (state === "open")
    return (
      <CandidatePanel
        key={number}
        fabricId={fabricId}
        candidate={candidate}
        isAdmin={isAdmin}
        onPromote={(isPromoted) => {
          isJustPromoted.current = isPromoted;
        }}
      />
    );
  if (!isRecent) return null;
  if (state === "promoted" && promotedVersion === secret.version)
    return (
      <PromotedPanel
        key={-number}
        fabricId={fabricId}
        candidate={candidate}
        readers={secret.readers}
        undo={undo}
        checksNow={isJustPromoted.current}
      />
    );
  const whose = createdByName ? `The new value that ${createdByName} entered` : "A new value";
  if (state === "expired")
    return (
      <Banner tone="info" title={`${whose} has expired`}>
        Nobody promoted it within a day, so it was deleted. Enter it again if it is still needed.
      </Banner>
    );
  if (state === "outdated" && promotedVersion === null)
    return (
      <Banner tone="info" title={`${whose} was not promoted`}>
        The value was replaced in another way meanwhile: version {secret.version} is the current one.
      </Banner>
    );
  return null;
}
