"use client";

import { useState } from "react";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { destinationInWords } from "@/lib/connectors/destination-words";
import { decideRequestAction } from "@/lib/destinations/actions";
import type { DecideRequestInput, WaitingRequest } from "@/lib/destinations/schema";

type Decision = DecideRequestInput["decision"];

const said: Record<Decision, string> = { allowed: "Allowed", declined: "Declined" };

export function DecideButtons({ fabricId, request }: { fabricId: string; request: WaitingRequest }) {
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const about = `${request.secret.name} to ${request.destinations.map((one) => destinationInWords(one, request.authorities)).join(", ")}`;
  const [pending, setPending] = useState<Decision | null>(null);

  async function decide(decision: Decision) {
    setPending(decision);
    const run = reauthenticate.protect(decideRequestAction);
    const result = await run(fabricId, { requestId: request.id, decision }).catch(() => null);
    setPending(null);
    if (result?.ok) toast(said[decision], { description: about });
    else if (result?.code !== "reauthenticate")
      toast(failureTitle(result?.code, "Nothing was decided"), {
        tone: "danger",
        description:
          result?.code === "refused"
            ? "Someone else decided it, or the secret’s value was replaced since. Reload the page."
            : errorText(result?.code ?? "outcome_unknown"),
      });
  }

  return (
    <div className="flex gap-2">
      <Button size="sm" isPending={pending === "declined"} onClick={() => decide("declined")}>
        Decline<span className="sr-only"> {about}</span>
      </Button>
      <Button size="sm" variant="primary" isPending={pending === "allowed"} onClick={() => decide("allowed")}>
        Allow<span className="sr-only"> {about}</span>
      </Button>
      {reauthenticate.dialog}
    </div>
  );
}
