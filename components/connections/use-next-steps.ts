import { useConnectionForm } from "@/components/connections/connection-form-context";
import { errorText } from "@/components/form/error-texts";
import { useToast } from "@/components/ui/toast";
import { resetAttemptsAction } from "@/lib/credential-attempts/actions";
import { askForApprovalAction } from "@/lib/destinations/actions";

/** The actions that a person can take after a failed check. */
export function useNextSteps() {
  const { fabricId, connector, form, check, result, setApprovalRequested, reauthenticate } =
    useConnectionForm();
  const toast = useToast();

  /**
   * Confirms exactly the destinations that the check showed: a colleague may change a secret's Auth URL or
   * certificate authority in the meantime.
   */
  async function checkShown(): Promise<void> {
    await check.check(result?.ok === false ? { shownDestinations: result.newDestinations } : {});
  }

  return {
    confirmDestinations: () => void checkShown(),
    async confirmIdentity(): Promise<void> {
      if (await reauthenticate.ask()) await checkShown();
    },
    confirmHostKey(fingerprint: string): void {
      const field = connector.fields.find(({ control }) => control === "hostKey");
      if (!field) return;
      form.setValue(`properties.${field.name}`, fingerprint, { shouldDirty: true });
      void check.check();
    },
    async resetAttempts(field: string): Promise<void> {
      const secretId = form.getValues().properties[field] ?? "";
      const answer = await reauthenticate.protect(resetAttemptsAction)(fabricId, { secretId });
      if (answer.ok) await check.check();
      else if (answer.code !== "reauthenticate")
        toast("The attempt was not allowed", { tone: "danger", description: errorText(answer.code) });
    },
    /** Null when the request was sent, or when no approval is needed any more and the check continues. */
    async requestApproval(reason: string): Promise<string | null> {
      const answer = await askForApprovalAction(fabricId, { ...check.subjectOf(), reason });
      if (!answer.ok) return answer.code;
      if (answer.value.waiting === 0) await check.check();
      else setApprovalRequested();
      return null;
    },
  };
}
