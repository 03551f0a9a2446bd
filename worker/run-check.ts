import { isIP } from "node:net";
import { performance } from "node:perf_hooks";
import type { CheckCode, CheckEvent, CheckFacts, StepEvent } from "@/lib/connectors/check-protocol";
import { isConnectorKind } from "@/lib/connectors/registry";
import { canonicalHost } from "@/lib/egress/host";
import { judge } from "@/lib/egress/judge";
import { type Check, CheckFailure } from "@/worker/check";
import { publicVerification } from "@/worker/clients/certificates";
import { type GuardOptions, installEgressGuard, type SocketFailure } from "@/worker/egress/guard";
import { checks } from "@/worker/kinds/registry";
import type { CheckJob } from "@/worker/protocol";
import { createStepLog, type StepLog } from "@/worker/step-log";
import { type UncaughtErrors, watchUncaughtErrors } from "@/worker/uncaught-errors";

/** How long a driver may take to report that its socket failed. After that, the worker reports it. */
const driverGraceMs = 300;

const stepAfter = { resolved: "network", connected: "tls", open: "sign_in" } as const;

/** What tests replace in a check: only the way to an Internet host. */
export type TestOverrides = Pick<GuardOptions, "route">;

/**
 * Installs the egress guard without destinations, then loads the driver of the kind that is probably checked
 * next.
 */
export async function prepareWorker(kind: string): Promise<void> {
  if (!isConnectorKind(kind)) return;
  closeExits();
  // Parsing the public authorities takes longer than most handshakes.
  publicVerification();
  // Compiling the address patterns takes long, too.
  isIP("::1");
  judge("::1", 443, ["::1/128"]);
  await load(kind);
}

/** Called before any driver is loaded, so that drivers find every exit closed. */
function closeExits(): void {
  installEgressGuard({ destinations: [], egressAllow: [], onProgress: () => {}, onFailure: () => {} });
}

async function load(kind: string): Promise<void> {
  if (isConnectorKind(kind)) await (await checks[kind]()).preload?.();
}

type Result = Extract<CheckEvent, { type: "result" }>;

/** Runs one check and reports each step. Use it only in a process that does nothing else. */
export async function runCheck(
  job: CheckJob,
  report: (event: StepEvent) => void,
  overrides: TestOverrides = {},
): Promise<Result> {
  closeExits();
  // Before the clock starts, so that loading a driver does not count as a step's time.
  await load(job.kind);
  const startedAt = performance.now();
  const failures: SocketFailure[] = [];
  const uncaught = watchUncaughtErrors();
  const steps = createStepLog(report);
  installEgressGuard({
    destinations: job.destinations,
    egressAllow: job.egressAllow,
    ...overrides,
    onProgress: (reached) => steps.begin(stepAfter[reached]),
    onFailure: (failure) => {
      failures.push(failure);
      setTimeout(
        uncaught.fail,
        driverGraceMs,
        new Error("The driver did not report that its socket failed."),
      );
    },
  });
  const outcome = await findOutcome(job, { steps, uncaught, failures });
  return toResult(outcome, steps, Math.round(performance.now() - startedAt));
}

function toResult(outcome: CheckFacts | CheckFailure, steps: StepLog, ms: number): Result {
  if (outcome instanceof CheckFailure) {
    const { code, step = steps.current, field, facts } = outcome;
    // A finding may prove that the steps before it passed.
    steps.begin(step);
    return { type: "result", ok: false, code, step, ms, ...(field && { field }), ...(facts && { facts }) };
  }
  steps.finish();
  return { type: "result", ok: true, ms, facts: outcome };
}

type CheckRun = { steps: StepLog; uncaught: UncaughtErrors; failures: readonly SocketFailure[] };

async function findOutcome(
  { kind, properties: settings, secrets }: CheckJob,
  { steps, uncaught, failures }: CheckRun,
): Promise<CheckFacts | CheckFailure> {
  if (!isConnectorKind(kind)) return new CheckFailure("misconfigured");
  const properties = { ...settings, ...secrets };
  const check = await checks[kind]();
  try {
    return await Promise.race([check.run(properties, steps), uncaught.first]);
  } catch (error) {
    return explain(error, check, properties, failures[0]);
  }
}

/** Explains an error. The socket's own failure comes first, then the check's finding, then the driver's error. */
function explain(
  error: unknown,
  check: Check,
  properties: Record<string, unknown>,
  socketFailure: SocketFailure | undefined,
): CheckFailure {
  if (socketFailure !== undefined) return fromSocket(socketFailure, check);
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
  const destinationField = portCodes.includes(code) ? destination?.portField : destination?.hostField;
  const codeField = fieldByCode[code];
  const field = codeField !== undefined && codeField in connector.fields.shape ? codeField : destinationField;
  const facts =
    destination === null
      ? undefined
      : { destination: `${canonicalHost(destination.host)}:${destination.port}` };
  return new CheckFailure(code, field, facts, step);
}
