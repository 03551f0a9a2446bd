import { AskForApproval } from "@/components/connections/ask-for-approval";
import { took } from "@/components/connections/duration";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CheckCode, CheckResult } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { destinationInWords } from "@/lib/connectors/destination-words";

type CheckFailure = Extract<CheckResult, { ok: false }>;
/** Nothing is broken; somebody has to decide, or to wait. */
const needsDecision: readonly CheckCode[] = [
  "host_key_unknown",
  "sign_in_paused",
  "destination_not_allowed",
  "destination_unconfirmed",
];

type Handlers = {
  onShowField: (field: string) => void;
  onConfirmHostKey: (fingerprint: string) => void;
  /** For an Admin, who may allow a new destination once they have signed in lately. */
  onConfirmIdentity: (() => void) | undefined;
  /** For whoever may allow a new destination themselves. */
  onConfirmPlaces: () => void;
  /** For everybody else. Null when it was asked, otherwise the code of what went wrong. */
  onAsk: (reason: string) => Promise<string | null>;
  /** For an Admin, who may let a paused sign-in be tried again; `field` holds its secret. */
  onResetSignIns: ((field: string) => void) | undefined;
};

/** What a check found, in plain words, and what to do next. */
export function CheckOutcome({
  result,
  isStale,
  ...handlers
}: Handlers & { result: CheckResult; isStale: boolean }) {
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
        Automate got in with these settings and could read, in {took(result.ms)}.
      </Banner>
    );
  }
  const { title, advice } = checkTexts[result.code];
  const fingerprint = result.facts?.hostKeyFingerprint;
  return (
    <Banner tone={needsDecision.includes(result.code) ? "warning" : "danger"} title={title}>
      <p>{advice}</p>
      {result.newPlaces?.map(({ secret, destinations }) => (
        <p key={secret} className="mt-1">
          <span className="font-medium text-ink">{secret}</span> to
          {destinations.map((destination) => (
            <span key={destination} className="wrap-anywhere block text-ink">
              {destinationInWords(destination)}
            </span>
          ))}
        </p>
      ))}
      {result.facts?.destination && <p>It concerns {result.facts.destination}.</p>}
      {result.facts?.retryAt && (
        <p>
          It may be tried again <RelativeTime date={result.facts.retryAt} />.
        </p>
      )}
      {fingerprint && <code className="wrap-anywhere mt-1 block font-mono text-sm">{fingerprint}</code>}
      <NextStep result={result} {...handlers} />
    </Banner>
  );
}

/** The one button that leads on from a failure. */
function NextStep({
  result,
  onShowField,
  onConfirmHostKey,
  onConfirmIdentity,
  onConfirmPlaces,
  onAsk,
  onResetSignIns,
}: Handlers & { result: CheckFailure }) {
  const { code, field, facts } = result;
  const fingerprint = facts?.hostKeyFingerprint;
  if (fingerprint) {
    const label = code === "host_key_changed" ? "Confirm the new host key" : "Confirm this host key";
    return <Next onClick={() => onConfirmHostKey(fingerprint)}>{label}</Next>;
  }
  if (code === "destination_unconfirmed") return <Next onClick={onConfirmPlaces}>Send it there</Next>;
  if (code === "destination_not_allowed") {
    if (onConfirmIdentity) return <Next onClick={onConfirmIdentity}>Confirm who you are and allow it</Next>;
    return <AskForApproval onAsk={onAsk} />;
  }
  if (code === "sign_in_paused" && field && onResetSignIns) {
    return <Next onClick={() => onResetSignIns(field)}>Allow another try</Next>;
  }
  return field ? <Next onClick={() => onShowField(field)}>Show the field</Next> : null;
}

function Next({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button size="sm" className="mt-2.5" onClick={onClick}>
      {children}
    </Button>
  );
}
