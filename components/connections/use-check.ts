"use client";

import { useEffect, useRef, useState } from "react";
import { inconclusiveCodes } from "@/lib/connections/schema";
import {
  type CheckCode,
  type CheckEvent,
  type CheckResult,
  type CheckStep,
  checkEventSchema,
  type NewDestinationsByName,
  resultWithoutCheck,
} from "@/lib/connectors/check-protocol";

/** The connection to check, as it is in the form or as it was saved. */
export type CheckSubject = { kind: string; name: string; properties: Record<string, unknown> };

export type StepProgress = {
  step: CheckStep;
  state: "started" | "passed" | "skipped" | "failed";
  ms?: number;
};

export type CheckProgress =
  | { phase: "idle" }
  /** `ahead` is the number of checks before it in the queue; null when it is not waiting. */
  | { phase: "running"; subject: CheckSubject; steps: StepProgress[]; ahead: number | null }
  | { phase: "done"; subject: CheckSubject; steps: StepProgress[]; result: CheckResult };

/** The person's intent: they entered these settings themselves, and saw these destinations. */
export type CheckIntent = { isConfirmed: boolean; shownDestinations?: NewDestinationsByName | undefined };

type Answer =
  | CheckResult
  | { type: "invalid"; fieldErrors: Record<string, string> }
  /** Automate gave no answer. The code is one of the form's, such as signed_out. */
  | { type: "refused"; code: string }
  | null;

/** Runs one check at a time. A new check, or leaving the page, cancels the previous one. */
export function useCheck(fabricId: string) {
  const [progress, setProgress] = useState<CheckProgress>({ phase: "idle" });
  const running = useRef<{ subject: CheckSubject; own: AbortController }>(undefined);
  useEffect(() => () => running.current?.own.abort(), []);

  /** Null when the check was cancelled, or when an identical one is running: that one reports the result. */
  async function start(subject: CheckSubject, intent: CheckIntent): Promise<Answer> {
    if (running.current && isSame(running.current.subject, subject)) return null;
    running.current?.own.abort();
    const own = new AbortController();
    const run = { subject, own };
    running.current = run;
    let steps: StepProgress[] = [];
    setProgress({ phase: "running", subject, steps, ahead: null });
    const answer = await ask(fabricId, { ...subject, ...intent }, own.signal, (event) => {
      steps = withEvent(steps, event);
      const ahead = event.type === "queued" ? event.ahead : null;
      if (running.current === run) setProgress({ phase: "running", subject, steps, ahead });
    });
    if (running.current !== run || own.signal.aborted) return null;
    running.current = undefined;
    if (answer.type === "result")
      setProgress({ phase: "done", subject, steps: withEvent(steps, answer), result: answer });
    else setProgress({ phase: "idle" });
    return answer;
  }

  function cancel() {
    running.current?.own.abort();
    running.current = undefined;
    setProgress({ phase: "idle" });
  }

  return { progress, start, cancel };
}

function isSame(a: CheckSubject, b: CheckSubject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Codes that say nothing about a step of the check. */
const withoutFinding: readonly CheckCode[] = [
  ...inconclusiveCodes,
  "database_unavailable",
  "selvage_misconfigured",
];

const refusals: Readonly<Record<number, string>> = { 401: "signed_out", 403: "forbidden", 404: "not_found" };

const unanswered = resultWithoutCheck("automate_unavailable");

async function ask(
  fabricId: string,
  input: CheckSubject & CheckIntent,
  signal: AbortSignal,
  onEvent: (event: CheckEvent) => void,
): Promise<NonNullable<Answer>> {
  const response = await fetch(`/api/app/fabrics/${fabricId}/checks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
    signal,
  }).catch(() => null);
  if (response?.status === 422) return { type: "invalid", ...(await response.json()) };
  if (!response) return { type: "refused", code: "unexpected" };
  const refusal = refusals[response.status];
  if (refusal) return { type: "refused", code: refusal };
  if (!response.ok || !response.body) {
    const problem = await response.json().catch(() => null);
    return problem?.code === "database_unavailable" ? resultWithoutCheck("database_unavailable") : unanswered;
  }
  return (await readResult(response.body, onEvent).catch(() => null)) ?? unanswered;
}

/** Reads NDJSON up to the result; null when the stream ends without one. */
async function readResult(body: ReadableStream<Uint8Array>, onEvent: (event: CheckEvent) => void) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let unread = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (unread + decoder.decode(read.value, { stream: true })).split("\n");
    unread = lines.pop() ?? "";
    for (const line of lines) {
      const event = checkEventSchema.parse(JSON.parse(line));
      if (event.type === "result") return event;
      onEvent(event);
    }
  }
  return null;
}

function withEvent(steps: readonly StepProgress[], event: CheckEvent): StepProgress[] {
  if (event.type === "step") {
    const next = {
      step: event.step,
      state: event.state,
      ...(event.ms === undefined ? {} : { ms: event.ms }),
    };
    return [...steps.filter(({ step }) => step !== event.step), next];
  }
  if (event.type === "queued" || event.ok) return [...steps];
  // The check broke off without a finding, so no step failed: a new destination waits for a decision, or Selvage
  // itself could not go on.
  if (withoutFinding.includes(event.code)) return steps.filter(({ state }) => state !== "started");
  return [...steps.filter(({ step }) => step !== event.step), { step: event.step, state: "failed" }];
}
