"use client";

import { Undo2 } from "lucide-react";
import { CheckButtons } from "@/components/candidates/check-buttons";
import { undo, undoTexts } from "@/components/candidates/undo";
import { useConnectionChecks } from "@/components/candidates/use-connection-checks";
import { VerdictList } from "@/components/candidates/verdict-list";
import { VerdictSummary } from "@/components/candidates/verdict-summary";
import { withProgress } from "@/components/candidates/with-progress";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { Moment } from "@/components/ui/day";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { UndoOffer } from "@/lib/candidates/schema";

/**
 * Brings back the value before the current one, for all connections and pipelines at once. Its dialog first tries that
 * value with every connection.
 */
export function UndoButton({
  fabricId,
  secretId,
  undo: { version, formerVersion, enteredByName, isRefused, until, connections, total, kinds },
  size = "sm",
}: {
  fabricId: string;
  secretId: string;
  undo: UndoOffer;
  size?: "sm" | "md";
}) {
  const dialog = useDialog();
  const toast = useToast();
  const checks = useConnectionChecks(fabricId, secretId);
  // Without their stored results, which are those of other values.
  const rows = withProgress(connections, checks.progress);
  const mayBreak = rows.some(({ verdict }) => verdict === "refused" || verdict === "untried");
  const isChecked = rows.some(({ verdict }) => verdict !== "unchecked");
  const connectionIds = connections.map(({ id }) => id);
  const check = () => void checks.start({ candidate: "former", connectionIds });

  function openAndCheck() {
    dialog.open();
    // A refused sign-in costs one of the attempts that the server allows. Checks of an earlier opening may still run.
    if (connectionIds.length > 0 && !isRefused && !checks.isRunning) check();
  }

  return (
    <>
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button size={size} icon={<Undo2 aria-hidden />} onClick={openAndCheck}>
          Go back to version {formerVersion}
        </Button>
        {until && (
          <span className="text-muted text-sm">
            until <Moment date={until} />
          </span>
        )}
      </span>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Go back to version ${formerVersion}?`}
        confirmLabel={mayBreak ? "Go back anyway" : "Go back"}
        tone={mayBreak ? "danger" : "primary"}
        size={rows.length > 0 ? "md" : "sm"}
        // A check that is broken off at its sign-in counts as refused, also for the value that came back.
        isWaiting={checks.isRunning}
        act={() => undo(fabricId, { secretId, expectedVersion: version })}
        onDone={() =>
          toast(
            "Former value is back",
            total > 0 ? { description: "Its connections are checked again." } : {},
          )
        }
        texts={undoTexts}
      >
        <div className="flex flex-col gap-3">
          <p>
            All connections and pipelines get the value that {enteredByName} entered for version{" "}
            {formerVersion} again, as a new version. You can undo that, too.
          </p>
          {isRefused && (
            <p>
              Selvage set the current password at the server, so the server refuses the former one. Go back
              only after an administrator of the server has set the former one again.
            </p>
          )}
          {rows.length > 0 && (
            <>
              {(isChecked || checks.isRunning) && <VerdictSummary rows={rows} isRunning={checks.isRunning} />}
              <VerdictList fabricId={fabricId} rows={rows} kinds={kinds} isBusy={checks.isRunning} />
              {total > rows.length && (
                <p className="text-sm">{total - rows.length} more connections use it.</p>
              )}
              <CheckButtons
                checks={checks}
                idle={
                  <Button size="sm" onClick={check}>
                    {isChecked ? "Check again" : "Check connections"}
                  </Button>
                }
              />
            </>
          )}
        </div>
      </ConfirmedActDialog>
    </>
  );
}
