import { isIP } from "node:net";
import { performance } from "node:perf_hooks";
import type { CheckCode, CheckEvent, CheckFacts, StepEvent } from "@/lib/connectors/check-protocol";
import { canonicalHost } from "@/lib/connectors/destination";
import { isConnectorKind } from "@/lib/connectors/registry";
import { judge } from "@/lib/egress/judge";
import { type Check, CheckFailure } from "@/worker/check";
import { publicVerification } from "@/worker/clients/certificates";
import { type GuardOptions, installEgressGuard, type SocketFailure } from "@/worker/egress/guard";
import { checks } from "@/worker/kinds/registry";
import type { CheckJob } from "@/worker/protocol";
import { createStepLog, type StepLog } from "@/worker/step-log";
import { type UncaughtErrors, watchUncaughtErrors } from "@/worker/uncaught-errors";

/** How long a driver may take to notice that its socket failed, before that is said for it. */
const graceMs = 300;

const stepAfter = { resolved: "network", connected: "tls", open: "sign_in" } as const;

/** What a check is surrounded by; something else than the world only in tests. */
export type Surroundings = Pick<GuardOptions, "route">;

/** Shuts every exit of this process, then loads the driver of a kind that is likely to be checked next. */
export async function prepareWorker(kind: string): Promise<void> {
  if (!isConnectorKind(kind)) return;
  shutExits();
  // Reading the public authorities takes longer than most handshakes.
  publicVerification();
  // So does compiling the patterns of addresses.
  isIP("::1");
  judge("::1", ["::1/128"]);
  await load(kind);
}

/** Before any driver is loaded, so that it finds every exit shut already. */
function shutExits(): void {
  installEgressGuard({ destinations: [], egressAllow: [], onProgress: () => {}, onFailure: () => {} });
}

async function load(kind: string): Promise<void> {
  if (isConnectorKind(kind)) await (await checks[kind]()).preload?.();
}

type Result = Extract<CheckEvent, { type: "result" }>;

/** Runs one check to its end, telling each step. Only for a process that does nothing else. */
export async function runCheck(
  job: CheckJob,
  tell: (event: StepEvent) => void,
  surroundings: Surroundings = {},
): Promise<Result> {
  shutExits();
  // Before the clock starts: the time that a driver takes to load is no step's.
  await load(job.kind);
  const startedAt = performance.now();
  const seen: SocketFailure[] = [];
  const uncaught = watchUncaughtErrors();
  const steps = createStepLog(tell);
  installEgressGuard({
    destinations: job.destinations,
    egressAllow: job.egressAllow,
    ...surroundings,
    onProgress: (reached) => steps.begin(stepAfter[reached]),
    onFailure: (failure) => {
      seen.push(failure);
      setTimeout(uncaught.fail, graceMs, new Error("The driver did not notice that its socket had failed."));
    },
  });
  const outcome = await findOutcome(job, { steps, uncaught, seen });
  return conclude(outcome, steps, Math.round(performance.now() - startedAt));
}

function conclude(outcome: CheckFacts | CheckFailure, steps: StepLog, ms: number): Result {
  if (outcome instanceof CheckFailure) {
    const { code, step = steps.current, field, facts } = outcome;
    // A finding may show by itself that the steps before it were passed.
    steps.begin(step);
    return { type: "result", ok: false, code, step, ms, ...(field && { field }), ...(facts && { facts }) };
  }
  steps.finish();
  return { type: "result", ok: true, ms, facts: outcome };
}

type Trial = { steps: StepLog; uncaught: UncaughtErrors; seen: readonly SocketFailure[] };

async function findOutcome(
  { kind, properties: settings, secrets }: CheckJob,
  { steps, uncaught, seen }: Trial,
): Promise<CheckFacts | CheckFailure> {
  if (!isConnectorKind(kind)) return new CheckFailure("misconfigured");
  const properties = { ...settings, ...secrets };
  const check = await checks[kind]();
  try {
    return await Promise.race([check.run(properties, steps), uncaught.first]);
  } catch (error) {
    return explain(error, check, properties, seen[0]);
  }
}

/** The socket's own failure first, then the check's finding, then what its driver's error is known to mean. */
function explain(
  error: unknown,
  check: Check,
  properties: Record<string, unknown>,
  seen: SocketFailure | undefined,
): CheckFailure {
  if (seen !== undefined) return fromSocket(seen, check);
  if (error instanceof CheckFailure) return error;
  return check.explain(error, properties) ?? new CheckFailure("unexpected");
}

const fieldByCode: Partial<Record<CheckCode, string>> = {
  tls_untrusted: "caCertificate",
  client_certificate_required: "clientCertificate",
};
const portCodes: readonly CheckCode[] = [
  "connection_refused",
  "connection_closed",
  "timed_out",
  "tls_not_offered",
];

function fromSocket({ step, code, destination }: SocketFailure, { connector }: Check): CheckFailure {
  const place = portCodes.includes(code) ? destination?.portField : destination?.hostField;
  const special = fieldByCode[code];
  const field = special !== undefined && special in connector.fields.shape ? special : place;
  const facts =
    destination === null
      ? undefined
      : { destination: `${canonicalHost(destination.host)}:${destination.port}` };
  return new CheckFailure(code, field, facts, step);
}
