import { storedValueAlarms } from "@/automate/http/metrics";
import { recordOrAggregate } from "@/automate/secrets/aggregated-events";
import type { Actor } from "@/lib/actor";
import { log as logLine } from "@/lib/log";

/** A stored value that could not be opened, and the scope of the request. */
export type StoredValue = {
  scope: { actor: Actor; teamId: string; fabricId: string };
  secret: { id: string; name: string };
  field: string;
  version: number;
};

type Log = { error(fields: Record<string, string | number>, message: string): void };
let log: Log = {
  error: (fields, message) => logLine("error", message, fields),
};

/** Sets the logger for alarms: automate's own, once it exists. */
export function logAlarmsTo(logger: Log): void {
  log = logger;
}

/**
 * Raises an alarm for a stored value that cannot be opened, because somebody changed it or its key is
 * missing.
 *
 * Counts a metric, logs a line with ids for the operator, and records an audit event: the first of each
 * minute at once, the others as a count. Never throws, because the caller refuses the value in any case.
 */
export async function raiseAlarm({ scope, secret, field, version }: StoredValue): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  const position = { fabricId, secretId: secret.id, field, version };
  storedValueAlarms.inc();
  log.error(
    { code: "cannot_open", ...position },
    "cannot open a stored value: it was changed, or its key is missing",
  );
  try {
    await recordOrAggregate(JSON.stringify(["secret.alarm", position]), {
      actor,
      teamId,
      fabricId,
      action: "secret.alarm",
      object: { kind: "secret", id: secret.id, name: secret.name },
      details: { code: "cannot_open", field, version },
    });
  } catch {
    log.error({ code: "cannot_open", ...position }, "could not record the alarm");
  }
}
