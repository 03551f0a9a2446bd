"use client";

import { Pause, Play } from "lucide-react";
import { isSettling, progressText, stateTexts } from "@/components/fabric-keys/rotation-texts";
import { UnopenedValueList } from "@/components/fabric-keys/unopened-value-list";
import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { pauseRotationAction, resumeRotationAction } from "@/lib/fabric-keys/actions";
import type { RotationProgress } from "@/lib/fabric-keys/schema";

const tones = { running: "accent", paused: "warning", done: "success" } as const;

const progressClass =
  "h-2 w-full appearance-none overflow-hidden rounded-full border-0 bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent";

/** The last rotation: how far it is, why it stands still, and what it could not open. */
export function RotationCard({ fabricId, rotation }: { fabricId: string; rotation: RotationProgress }) {
  const { state, done, total, unopened, unopenedValues, startedAt, startedByName, endedAt, lastError } =
    rotation;
  return (
    <div className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="flex min-w-0 flex-col gap-1">
          <h3 className="flex flex-wrap items-center gap-2 font-medium">
            Rotation {/* Screen readers announce the state, and not each number. */}
            <span role="status">
              <Badge tone={unopened > 0 && state === "done" ? "warning" : tones[state]}>
                {stateTexts[state]}
              </Badge>
            </span>
          </h3>
          <p className="text-muted tabular-nums">{progressText(rotation)}</p>
        </div>
        {state !== "done" && <PauseButton fabricId={fabricId} isPaused={state === "paused"} />}
      </div>
      {state !== "done" && (
        <progress
          aria-label="Resealed values"
          aria-valuetext={progressText(rotation)}
          max={Math.max(total, 1)}
          value={total === 0 ? 1 : done + unopened}
          className={progressClass}
        />
      )}
      {isSettling(rotation) && (
        <p className="text-muted">
          Automate destroys the former key when nothing has been sealed to it for a minute.
        </p>
      )}
      {state !== "done" && lastError !== "" && (
        <p className="wrap-anywhere text-danger-text">
          The last attempt failed: {lastError}
          {state === "running" && " Automate tries again automatically."}
        </p>
      )}
      <p className="text-muted text-sm">
        Started by {startedByName} <RelativeTime date={startedAt} />
        {endedAt && (
          <>
            , ended <RelativeTime date={endedAt} />
          </>
        )}
      </p>
      {unopenedValues.length > 0 && <UnopenedValueList fabricId={fabricId} values={unopenedValues} />}
    </div>
  );
}

function PauseButton({ fabricId, isPaused }: { fabricId: string; isPaused: boolean }) {
  const { run, isPending, dialog } = useToastedAct();
  function toggle() {
    const texts = isPaused
      ? { done: "The rotation continues", failed: "The rotation was not resumed" }
      : { done: "The rotation is paused", failed: "The rotation was not paused" };
    const act = isPaused ? resumeRotationAction : pauseRotationAction;
    void run(() => act(fabricId, {}), texts);
  }
  return (
    <>
      <Button size="sm" icon={isPaused ? <Play /> : <Pause />} isPending={isPending} onClick={toggle}>
        {isPaused ? "Resume" : "Pause"}
        <span className="sr-only"> rotation</span>
      </Button>
      {dialog}
    </>
  );
}
