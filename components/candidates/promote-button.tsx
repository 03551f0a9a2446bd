"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { promoteCandidateAction } from "@/lib/candidates/actions";
import { type CandidateConnection, type CandidateDetail, verdictOf } from "@/lib/candidates/schema";
import { checkTexts } from "@/lib/connectors/check-texts";
import type { PromoteProblem } from "@/lib/internal-api/bodies/candidate";

/**
 * Promotes a new value for all connections at once. If some have not accepted it, it first names them and asks.
 */
export function PromoteButton({
  fabricId,
  candidate: { secretId, candidate, kinds },
  breaking,
  onPromote,
  onDone,
}: {
  fabricId: string;
  candidate: Pick<CandidateDetail, "secretId" | "candidate" | "kinds">;
  /** The connections that have not accepted the value. */
  breaking: readonly CandidateConnection[];
  /** Called before the page refreshes with the promoted value; with false when nothing was promoted. */
  onPromote?: ((isPromoted: boolean) => void) | undefined;
  /** Called once the server has answered, with whether the value is the current one now. */
  onDone?: ((isPromoted: boolean) => void) | undefined;
}) {
  const toast = useToast();
  const dialog = useDialog();
  const [isPending, setIsPending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isForced = breaking.length > 0;

  async function promote() {
    setError(null);
    setIsPending(true);
    onPromote?.(true);
    const accepted = breaking.map(({ id }) => id);
    const result = await promoteCandidateAction(fabricId, { secretId, candidate, accepted }).catch(
      () => null,
    );
    setIsPending(false);
    if (!result?.ok || "problem" in result.value) onPromote?.(false);
    if (result?.ok) {
      dialog.close();
      const { value } = result;
      onDone?.(!("problem" in value));
      if (!("problem" in value)) {
        return toast("Promoted", { description: `Version ${value.version} is the current one.` });
      }
      // Somebody was quicker, or something changed. The action has refreshed the page, which shows it.
      return toast("Not promoted", { tone: "danger", description: problemText(value) });
    }
    const sentence = errorText(result?.code ?? "outcome_unknown");
    if (isForced) setError(sentence);
    else toast("Not promoted", { tone: "danger", description: sentence });
  }

  return (
    <>
      <Button
        variant={isForced ? "secondary" : "primary"}
        isPending={isPending && !dialog.isOpen}
        onClick={isForced ? dialog.open : promote}
      >
        {isForced ? "Promote anyway" : "Promote"}
      </Button>
      <ConfirmDialog
        isOpen={dialog.isOpen && isForced}
        onClose={() => {
          setError(null);
          dialog.close();
        }}
        onConfirm={promote}
        title="Promote anyway?"
        confirmLabel="Promote anyway"
        tone="danger"
        error={error}
      >
        <p>The new value becomes the current one for all connections and pipelines. These may fail:</p>
        <ul className="mt-2 flex list-disc flex-col gap-1 pl-5">
          {breaking.map((connection) => (
            <li key={connection.id}>
              <span className="font-medium text-ink">{connection.name}</span>: {reasonOf(connection, kinds)}
            </li>
          ))}
        </ul>
        <p className="mt-3">You can undo it for 24 hours.</p>
      </ConfirmDialog>
    </>
  );
}

/** Why a connection has not accepted a value, as the end of a sentence. */
function reasonOf({ kind, result, status }: CandidateConnection, kinds: CandidateDetail["kinds"]): string {
  const verdict = verdictOf(result);
  if (verdict === "unchecked") return "not checked";
  if (verdict === "untried") return "not tried";
  const failsToo = status.state === "disconnected" ? " It fails with the current value, too." : "";
  const field = result?.field ? ` (${kinds[kind]?.fields[result.field] ?? result.field})` : "";
  const title = result?.code ? checkTexts[result.code].title : "";
  return `refuses it${field}. ${title}${failsToo}`;
}

/** The sentence for a promotion that did not happen. */
export function problemText(problem: PromoteProblem): string {
  switch (problem.problem) {
    case "promoted":
      return `${problem.by} has promoted it already.`;
    case "discarded":
      return `${problem.by} has discarded this value.`;
    case "expired":
      return "Nobody promoted this value in time, so it has expired. Enter it again.";
    case "outdated":
      return `${problem.by} has replaced the value meanwhile: version ${problem.version} is the current one. Enter yours again if necessary.`;
    case "unaccepted":
      return `These connections have not accepted it: ${problem.connections.map(({ name }) => name).join(", ")}. Look at them, then promote again.`;
    default:
      return problem satisfies never;
  }
}
