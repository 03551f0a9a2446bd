import { AllowAttemptButton } from "@/components/secrets/allow-attempt-button";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { RelativeTime } from "@/components/ui/relative-time";
import type { PausedAttempt } from "@/lib/credential-attempts/schema";

/** The endpoints that rejected the value so often that checks are paused. Renders nothing without any. */
export function PausedAttempts({
  fabricId,
  secretId,
  paused,
  isAdmin,
}: {
  fabricId: string;
  secretId: string;
  paused: readonly PausedAttempt[];
  isAdmin: boolean;
}) {
  if (paused.length === 0) return null;
  return (
    <DetailSection id="paused-sign-ins" title="Paused sign-ins">
      <DetailList>
        {paused.map(({ destination, until }) => (
          <DetailItem key={destination}>
            <span className="min-w-0">
              <code className="wrap-anywhere block font-mono text-sm">{destination}</code>
              <span className="text-muted text-sm">
                can be tried again <RelativeTime date={until} />
              </span>
            </span>
          </DetailItem>
        ))}
      </DetailList>
      <div className="-mx-4 mt-3 flex flex-wrap items-center justify-between gap-3 border-line border-t px-4 pt-3">
        <p className="min-w-0 flex-1 basis-60 text-muted text-sm">
          The server rejected this value several times. To keep the server from locking the account, Selvage
          does not sign in there until the value is replaced, the pause ends, or{" "}
          {isAdmin ? "you allow another attempt." : "an Admin of the team allows another attempt."}
        </p>
        {isAdmin && <AllowAttemptButton fabricId={fabricId} secretId={secretId} />}
      </div>
    </DetailSection>
  );
}
