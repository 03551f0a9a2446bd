"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { type ConnectionCheckEvent, connectionCheckEvent } from "@/lib/candidates/schema";
import type { CheckEvent, CheckResult, CheckStep } from "@/lib/connectors/check-protocol";

/** The state of one connection's check: waiting for its turn, at a step, or done. */
export type RowProgress =
  | { phase: "waiting" }
  | { phase: "running"; step: CheckStep }
  | { phase: "done"; result: CheckResult };

type Subject = { candidate: number | "former" | null; connectionIds: string[] };

/** Why no check ran, or why the checks ended early. */
type Failure = "automate_unavailable" | "database_unavailable" | "signed_out" | "not_found" | "interrupted";

const failures: Readonly<Record<number, Failure>> = { 401: "signed_out", 404: "not_found" };

/**
 * Checks several connections of a secret at once. `progress` has a state for each that was asked for since the page was
 * opened. Leaving the page ends the running checks. `onDone` is called when they have ended.
 */
export function useConnectionChecks(fabricId: string, secretId: string, onDone?: () => void) {
  const router = useRouter();
  const [progress, setProgress] = useState<ReadonlyMap<string, RowProgress>>(new Map());
  const [isRunning, setIsRunning] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(
    () => () => {
      running.current?.abort();
      running.current = undefined;
    },
    [],
  );

  async function start({ candidate, connectionIds }: Subject): Promise<void> {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setFailure(null);
    setIsRunning(true);
    setProgress((former) => {
      const next = new Map(former);
      for (const id of connectionIds) next.set(id, { phase: "waiting" });
      return next;
    });
    const missing = new Set(connectionIds);
    const onEvent = ({ connectionId, event }: ConnectionCheckEvent) => {
      if (running.current !== own) return;
      if (event.type === "result") missing.delete(connectionId);
      setProgress((former) => new Map(former).set(connectionId, progressOf(event)));
    };
    const problem = await ask(fabricId, secretId, { candidate, connectionIds }, own.signal, onEvent);
    if (running.current !== own) return;
    running.current = undefined;
    setIsRunning(false);
    if (missing.size > 0) {
      // The server has the results that were stored; the others are unchecked.
      setProgress((former) => new Map([...former].filter(([id]) => !missing.has(id))));
      if (!own.signal.aborted) setFailure(problem ?? "interrupted");
    }
    // Automate may have stored the results, so no server action of web refreshed the page.
    router.refresh();
    onDone?.();
  }

  function stop(): void {
    running.current?.abort();
  }

  return { progress, isRunning, failure, start, stop };
}

function progressOf(event: CheckEvent): RowProgress {
  if (event.type === "queued") return { phase: "waiting" };
  return event.type === "step" ? { phase: "running", step: event.step } : { phase: "done", result: event };
}

async function ask(
  fabricId: string,
  secretId: string,
  subject: Subject,
  signal: AbortSignal,
  onEvent: (event: ConnectionCheckEvent) => void,
): Promise<Failure | null> {
  try {
    const response = await fetch(`/api/app/fabrics/${fabricId}/secrets/${secretId}/checks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(subject),
      signal,
    });
    if (!response.ok || !response.body) {
      const answer = await response.json().catch(() => null);
      return (
        failures[response.status] ??
        (answer?.code === "database_unavailable" ? "database_unavailable" : "automate_unavailable")
      );
    }
    await readLines(response.body, (line) => onEvent(connectionCheckEvent.parse(JSON.parse(line))));
    return null;
  } catch {
    return "interrupted";
  }
}

async function readLines(body: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let unread = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (unread + decoder.decode(read.value, { stream: true })).split("\n");
    unread = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
}

/** The sentence for checks that did not run, or ended early. */
export const failureTexts: Readonly<Record<Failure, string>> = {
  automate_unavailable: "Automate is not available, so no check ran. Check again in a moment.",
  database_unavailable: "The database is not available. Check again in a moment.",
  signed_out: "You are signed out. Sign in again in another tab, then check again.",
  not_found: "Someone promoted, discarded or replaced this value meanwhile. Reload the page.",
  interrupted: "Some checks did not finish. Check the others again.",
};
