import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";

/** What a check found, in plain words, and what to do next. */
export function CheckOutcome({
  result,
  isStale,
  onShowField,
  onConfirmHostKey,
}: {
  result: CheckResult;
  isStale: boolean;
  onShowField: ((field: string) => void) | undefined;
  onConfirmHostKey: ((fingerprint: string) => void) | undefined;
}) {
  if (isStale) {
    return (
      <Banner tone="info" title="The form has changed since this check.">
        Check again to know whether it works as it is now.
      </Banner>
    );
  }
  if (result.ok) {
    return (
      <Banner tone="success" title="It works.">
        Automate signed in and may read, in {result.ms} ms.
      </Banner>
    );
  }
  const { title, advice } = checkTexts[result.code];
  const { field } = result;
  const fingerprint = result.facts?.hostKeyFingerprint;
  return (
    <Banner tone={result.code === "host_key_unknown" ? "warning" : "danger"} title={title}>
      <p>{advice}</p>
      {result.facts?.destination && <p>It concerns {result.facts.destination}.</p>}
      {fingerprint && <code className="wrap-anywhere mt-1 block font-mono text-sm">{fingerprint}</code>}
      {fingerprint && onConfirmHostKey ? (
        <Button size="sm" className="mt-2.5" onClick={() => onConfirmHostKey(fingerprint)}>
          Confirm this host key
        </Button>
      ) : (
        field &&
        onShowField && (
          <Button size="sm" className="mt-2.5" onClick={() => onShowField(field)}>
            Show the field
          </Button>
        )
      )}
    </Banner>
  );
}
