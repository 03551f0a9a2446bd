import { useQuery } from "@tanstack/react-query";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import { formatDuration } from "@/components/connections/duration";
import { RequestApproval } from "@/components/connections/request-approval";
import { chosenSecret } from "@/components/connections/secret-options";
import { useNextSteps } from "@/components/connections/use-next-steps";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CheckCode, CheckResult, NewDestinationsByName } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { authorityOf } from "@/lib/connectors/destination";
import { formatDestination } from "@/lib/connectors/format-destination";

type CheckFailure = Extract<CheckResult, { ok: false }>;
/** Codes that report no fault: a person must decide, or wait. */
const needsDecision: readonly CheckCode[] = [
  "host_key_unknown",
  "sign_in_paused",
  "destination_not_allowed",
  "destination_unconfirmed",
];

/** The result of a check in plain words, and the next step. */
export function CheckOutcome({
  result,
  isStale,
  focusCheck,
}: {
  result: CheckResult;
  isStale: boolean;
  focusCheck: () => void;
}) {
  if (isStale) {
    return (
      <Banner tone="info" title="The settings have changed since this check.">
        Check again to see whether the current settings work.
      </Banner>
    );
  }
  if (result.ok) {
    return (
      <Banner tone="success" title="The check passed.">
        Automate signed in and read data with these settings in {formatDuration(result.ms)}.
      </Banner>
    );
  }
  const { title, advice } = checkTexts[result.code];
  const fingerprint = result.facts?.hostKeyFingerprint;
  return (
    <Banner tone={needsDecision.includes(result.code) ? "warning" : "danger"} title={title}>
      <p>{advice}</p>
      {result.newDestinations && <NewDestinations places={result.newDestinations} />}
      {result.facts?.destination && <p>Destination: {result.facts.destination}</p>}
      {result.facts?.retryAt && (
        <p>
          You can try again <RelativeTime date={result.facts.retryAt} />.
        </p>
      )}
      {fingerprint && <code className="wrap-anywhere mt-1 block font-mono text-sm">{fingerprint}</code>}
      <NextStep result={result} focusCheck={focusCheck} />
    </Banner>
  );
}

function NewDestinations({ places }: { places: NewDestinationsByName }) {
  const { fabricId, form } = useConnectionForm();
  const authorityId = form.getValues().properties.caCertificate ?? "";
  const { data: authority } = useQuery(chosenSecret(fabricId, ["binary", "text"], authorityId));
  const authorities = Object.fromEntries(
    places
      .flatMap(({ destinations }) => destinations.flatMap((key) => authorityOf(key) ?? []))
      .flatMap(({ id, version }) => (id === authority?.id ? [[`${id}.${version}`, authority.name]] : [])),
  );
  return places.map(({ secret, destinations }) => (
    <p key={secret} className="mt-1">
      <span className="font-medium text-ink">{secret}</span> to
      {destinations.map((destination) => (
        <span key={destination} className="wrap-anywhere block text-ink">
          {formatDestination(destination, authorities)}
        </span>
      ))}
    </p>
  ));
}

/** The button that leads to the next step after a failure. */
function NextStep({ result, focusCheck }: { result: CheckFailure; focusCheck: () => void }) {
  const { isAdmin, controlOf } = useConnectionForm();
  const next = useNextSteps();
  const { code, field, facts } = result;
  const fingerprint = facts?.hostKeyFingerprint;
  /** Moves the focus to Check first, because the step removes this outcome and its button. */
  const andFocus = (step: () => void) => () => {
    focusCheck();
    step();
  };
  if (fingerprint) {
    const label = code === "host_key_changed" ? "Confirm the new host key" : "Confirm this host key";
    return <Next onClick={andFocus(() => next.confirmHostKey(fingerprint))}>{label}</Next>;
  }
  if (code === "destination_unconfirmed")
    return <Next onClick={andFocus(next.confirmDestinations)}>Allow and check</Next>;
  if (code === "destination_not_allowed")
    return isAdmin ? (
      <Next onClick={next.confirmIdentity}>Confirm your identity and allow</Next>
    ) : (
      <RequestApproval onRequest={next.requestApproval} />
    );
  if (code === "sign_in_paused" && field && isAdmin)
    return <Next onClick={() => void next.resetAttempts(field)}>Allow another attempt</Next>;
  return field ? <Next onClick={() => controlOf(field)?.focus()}>Show the field</Next> : null;
}

function Next({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button size="sm" className="mt-2.5" onClick={onClick}>
      {children}
    </Button>
  );
}
