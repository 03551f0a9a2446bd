import { SetRotationButton } from "@/components/password-rotations/set-rotation-button";
import { StartRotationButton } from "@/components/password-rotations/start-rotation-button";
import { StopRotationButton } from "@/components/password-rotations/stop-rotation-button";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { Badge } from "@/components/ui/badge";
import { Banner } from "@/components/ui/banner";
import { RefreshWhile } from "@/components/ui/refresh-while";
import { RelativeTime } from "@/components/ui/relative-time";
import type { RotationDetail, RunSummary } from "@/lib/password-rotations/schema";
import { brokenText, overlapText, problemTexts, runText, settingsText } from "@/lib/password-rotations/texts";

const overlapId = "rotation-overlap";

/**
 * How Selvage rotates the password in a secret, and what came of it. Nothing for a secret without a rotation, unless an
 * Admin can set one up.
 */
export function RotationSection({
  fabricId,
  secret,
  rotation: { settings, runs, connections },
  administrators,
  isAdmin,
}: {
  fabricId: string;
  secret: { id: string; name: string; givesUser: boolean; destinations: readonly string[] };
  rotation: RotationDetail;
  administrators: readonly { id: string; name: string }[];
  isAdmin: boolean;
}) {
  if (!settings && (!isAdmin || connections.length === 0)) return null;
  const isRunning = runs.some(({ endedAt }) => endedAt === null);
  // A new value that nobody needs any more is deleted a moment after its run has ended.
  const isChanging = runs.some(({ endedAt }) => Date.now() - (endedAt?.getTime() ?? Date.now()) < 5_000);
  const broken = settings && brokenText(settings);
  const overlap = settings?.overlap ?? null;
  const set = { fabricId, secret, settings, connections, administrators };
  return (
    <DetailSection id="rotation" title="Rotation">
      {isChanging && <RefreshWhile everyMs={1500} />}
      {overlap && <RefreshWhile everyMs={untilEnd(overlap.until)} />}
      <div className="flex flex-col gap-3">
        {settings ? (
          <>
            <p>
              {settingsText(settings)}{" "}
              <span className="text-muted">
                {settings.connectionName !== null && `At the server of ${settings.connectionName}.`}
              </span>
            </p>
            {broken && (
              <Banner tone="danger" title="This rotation cannot run">
                {broken}
              </Banner>
            )}
            {overlap && <p id={overlapId}>{overlapText(overlap)}</p>}
            {settings.dueAt && !broken && (
              <p className="text-muted text-sm">
                Next: <RelativeTime date={settings.dueAt} />
              </p>
            )}
            {settings.problem && !broken && (
              <Banner tone="danger" title="The last rotation could not begin">
                {problemTexts[settings.problem]}
              </Banner>
            )}
          </>
        ) : (
          <p className="text-muted">
            Selvage can make a new value, set it at the server, check the connections and make it current.
          </p>
        )}
        {isAdmin && (
          <div className="flex flex-wrap gap-2">
            {settings && !broken && (
              <StartRotationButton
                fabricId={fabricId}
                secret={secret}
                settings={settings}
                isOff={isRunning || overlap !== null}
                reasonId={overlap ? overlapId : undefined}
              />
            )}
            <SetRotationButton {...set} />
            {settings && <StopRotationButton fabricId={fabricId} secret={secret} />}
          </div>
        )}
        {runs.length > 0 && (
          <div className="-mx-4 -mb-3 border-line border-t px-4 py-3">
            <DetailList>
              {runs.map((run) => (
                <Run key={run.id} run={run} />
              ))}
            </DetailList>
          </div>
        )}
      </div>
    </DetailSection>
  );
}

/** Milliseconds until just after this time, and no more than an hour. */
const untilEnd = (end: Date) => Math.min(Math.max(end.getTime() - Date.now(), 0) + 1_000, 3_600_000);

function Run({ run }: { run: RunSummary }) {
  const { startedAt, startedByName } = run;
  return (
    <DetailItem>
      <div className="min-w-0 flex-1 basis-64">
        <p aria-live={run.endedAt ? undefined : "polite"}>{runText(run)}</p>
        <p className="text-muted text-sm">
          <RelativeTime date={startedAt} /> by {startedByName}
        </p>
      </div>
      <RunBadge run={run} />
    </DetailItem>
  );
}

function RunBadge({ run: { state, endedAt, refusedBy } }: { run: RunSummary }) {
  if (!endedAt) return <Badge tone="accent">Rotating</Badge>;
  if (state === "failed") return <Badge tone="danger">Failed</Badge>;
  return refusedBy.length > 0 ? (
    <Badge tone="warning">
      {refusedBy.length === 1
        ? "Rotated; 1 connection refuses it"
        : `Rotated; ${refusedBy.length} connections refuse it`}
    </Badge>
  ) : (
    <Badge tone="success">Rotated</Badge>
  );
}
