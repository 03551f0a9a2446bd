"use client";

import { useState } from "react";
import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { formatDestination } from "@/lib/connectors/format-destination";
import { decideRequestAction } from "@/lib/destinations/actions";
import type { DecideRequestInput, WaitingRequest } from "@/lib/destinations/schema";

type Decision = DecideRequestInput["decision"];

const doneTexts: Record<Decision, string> = { allowed: "Allowed", declined: "Declined" };
const texts = {
  refused: "Someone else decided this request, or the secret’s value was replaced. Reload the page.",
};

export function DecideButtons({ fabricId, request }: { fabricId: string; request: WaitingRequest }) {
  const { run, dialog } = useToastedAct();
  const about = `${request.secret.name} to ${request.destinations.map((one) => formatDestination(one, request.authorities)).join(", ")}`;
  const [pending, setPending] = useState<Decision | null>(null);

  async function decide(decision: Decision) {
    setPending(decision);
    await run(() => decideRequestAction(fabricId, { requestId: request.id, decision }), {
      done: doneTexts[decision],
      description: about,
      failed: "The request was not decided",
      texts,
    });
    setPending(null);
  }

  return (
    <div className="flex gap-2">
      <Button size="sm" isPending={pending === "declined"} onClick={() => decide("declined")}>
        Decline<span className="sr-only"> {about}</span>
      </Button>
      <Button size="sm" variant="primary" isPending={pending === "allowed"} onClick={() => decide("allowed")}>
        Allow<span className="sr-only"> {about}</span>
      </Button>
      {dialog}
    </div>
  );
}
