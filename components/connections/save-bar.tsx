import { useConnectionForm } from "@/components/connections/connection-form-context";
import { Button, ButtonLink } from "@/components/ui/button";
import { inconclusiveCodes } from "@/lib/connections/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";

/** The status that the connection will have if it is saved now. */
type ExpectedStatus = "connected" | "disconnected" | "waiting" | "checking" | "not_tested";

const words: Record<ExpectedStatus, string> = {
  connected: "",
  disconnected: "If you save now, the status will be Disconnected.",
  waiting: "If you save now, the status will be Waiting for approval.",
  checking: "The check is still running.",
  not_tested: "If you save now, the status will be Not checked.",
};

/** Save after a passed check or a request for approval; otherwise Save anyway. */
export function SaveBar() {
  const { fabricId, saved, form, check, result, isApprovalRequested } = useConnectionForm();
  const { isDirty, isSubmitting } = form.formState;
  const isUnchanged = saved !== undefined && !isDirty;
  // Nothing is entered yet, so there is nothing to warn about.
  const isUntouched = !isDirty && result === null;
  const expected = expectedStatusOf(check.progress.phase === "running", result, isApprovalRequested);
  const isPrimary = isUnchanged || expected === "connected" || expected === "waiting";
  const note = isUnchanged || isUntouched ? "" : words[expected];
  return (
    <div className="flex flex-wrap items-center justify-end gap-3 lg:col-start-1">
      {note && <p className="min-w-0 flex-1 basis-full text-muted text-sm sm:basis-48">{note}</p>}
      <ButtonLink href={`/metadata/fabrics/${fabricId}/connections`}>Cancel</ButtonLink>
      <Button type="submit" variant={isPrimary ? "primary" : "secondary"} isPending={isSubmitting}>
        {isPrimary || isUntouched ? "Save" : "Save anyway"}
      </Button>
    </div>
  );
}

function expectedStatusOf(
  isChecking: boolean,
  result: CheckResult | null,
  isApprovalRequested: boolean,
): ExpectedStatus {
  if (isChecking) return "checking";
  if (isApprovalRequested) return "waiting";
  if (result === null) return "not_tested";
  if (result.ok) return "connected";
  return inconclusiveCodes.includes(result.code) ? "not_tested" : "disconnected";
}
