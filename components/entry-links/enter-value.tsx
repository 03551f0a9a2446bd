"use client";

import { type ReactNode, useEffect, useState } from "react";
import { EnterValueForm } from "@/components/entry-links/enter-value-form";
import { entryTexts } from "@/components/entry-links/entry-texts";
import { AuthFrame } from "@/components/shell/auth-frame";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Day } from "@/components/ui/day";
import { showEntryAction } from "@/lib/entry-links/actions";
import type { ShownOffer } from "@/lib/entry-links/schema";
import { secretKinds } from "@/lib/secrets/kinds/registry";

type State =
  | { step: "loading" }
  | { step: "failed"; code: string }
  | { step: "open"; token: string; offer: ShownOffer }
  | { step: "done"; offer: ShownOffer };

/**
 * The page of somebody with an entry link. The token is in the fragment, which no server sees; only the two requests
 * of this page contain it, in their bodies.
 */
export function EnterValue({ maxBytes }: { maxBytes: number }) {
  const [state, setState] = useState<State>({ step: "loading" });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt asks again
  useEffect(() => {
    let isCurrent = true;
    const token = window.location.hash.slice(1);
    void showEntryAction({ token })
      .catch(() => null)
      .then((result) => {
        if (!isCurrent) return;
        setState(
          result?.ok
            ? { step: "open", token, offer: result.value }
            : { step: "failed", code: result?.code ?? "unavailable" },
        );
      });
    return () => {
      isCurrent = false;
    };
  }, [attempt]);

  if (state.step === "loading")
    return (
      <AuthFrame title="Enter a value" width="wide">
        <p role="status" className="text-muted">
          Looking up the link…
        </p>
      </AuthFrame>
    );
  if (state.step === "failed")
    return <Failed code={state.code} onRetry={() => setAttempt((count) => count + 1)} />;
  const { offer } = state;
  if (state.step === "done")
    return (
      <AuthFrame title="The value is stored" width="wide">
        <Banner tone="success" isLive title={`Thank you. “${offer.secretName}” has its value.`}>
          It is sealed, and Selvage shows it to nobody. This link no longer works. You can close this page.
        </Banner>
      </AuthFrame>
    );
  return (
    <AuthFrame
      title="Enter a value"
      width="wide"
      description={
        <>
          <strong className="wrap-anywhere text-ink">{offer.askedByName}</strong> ({offer.askedByEmail}) asks{" "}
          <strong className="wrap-anywhere text-ink">{offer.linkName}</strong> for it. You need no account.
        </>
      }
    >
      <div className="flex flex-col gap-5">
        <Facts offer={offer} />
        <EnterValueForm
          token={state.token}
          subKind={offer.subKind}
          maxBytes={maxBytes}
          onDone={() => {
            // The link has been used: leave its token neither in the address nor in a screenshot.
            window.history.replaceState(null, "", window.location.pathname);
            setState({ step: "done", offer });
          }}
        />
      </div>
    </AuthFrame>
  );
}

function Failed({ code, onRetry }: { code: string; onRetry: () => void }) {
  if (code === "not_valid" || code === "invalid")
    return (
      <AuthFrame title="This link is not valid" width="wide">
        <p className="text-muted">{entryTexts.not_valid}</p>
      </AuthFrame>
    );
  return (
    <AuthFrame title="Not available" width="wide">
      <div className="flex flex-col items-start gap-4">
        <Banner tone="danger" isLive>
          {entryTexts[code] ?? entryTexts.unexpected}
        </Banner>
        <Button onClick={onRetry}>Try again</Button>
      </div>
    </AuthFrame>
  );
}

/** Who asks for what, and where it may go. */
function Facts({ offer }: { offer: ShownOffer }) {
  const { secretName, isNew, subKind, fabricName, teamName, destinations, expiresAt, note } = offer;
  const where = [
    ...destinations,
    ...(secretKinds[subKind].givesTokens ? ["The token server of the Auth URL that you enter"] : []),
  ];
  return (
    <>
      {note && (
        <blockquote className="wrap-anywhere whitespace-pre-line border-line-strong border-l-2 pl-3">
          {note}
        </blockquote>
      )}
      <dl className="flex flex-col gap-3 rounded-lg border border-line bg-sunken px-4 py-3 [overflow-wrap:anywhere]">
        <Fact title="Secret">
          {secretName} ({secretKinds[subKind].label}){isNew ? "" : ": your value replaces the present one"}
        </Fact>
        <Fact title="For">
          Fabric {fabricName} of the team {teamName}. Its pipelines can use the value; Selvage shows it to
          nobody.
        </Fact>
        <Fact title="It may be sent to">
          {where.length === 0 ? (
            "No server yet. An Admin of the team decides about each one."
          ) : (
            <>
              <ul>
                {where.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
              <p className="mt-1 text-muted">
                By sending the value, you allow {where.length === 1 ? "this" : "these"}.
              </p>
            </>
          )}
        </Fact>
        <Fact title="The link">
          Works once, until <Day date={expiresAt} />.
        </Fact>
      </dl>
    </>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
