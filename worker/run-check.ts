import { isIP } from "node:net";
import { performance } from "node:perf_hooks";
import type {
  CheckCode,
  CheckEvent,
  CheckFacts,
  CheckStep,
  StepEvent,
} from "@/lib/connectors/check-protocol";
import { isPasswordKind } from "@/lib/connectors/password-kinds";
import type { ConnectorKind } from "@/lib/connectors/registry";
import { secretFields, userFieldOf } from "@/lib/connectors/validate";
import { canonicalHost } from "@/lib/egress/host";
import { judge } from "@/lib/egress/judge";
import { type Check, CheckFailure, standIn } from "@/worker/check";
import { publicVerification } from "@/worker/clients/certificates";
import { type GuardOptions, installEgressGuard, type SocketFailure } from "@/worker/egress/guard";
import { checks } from "@/worker/kinds/registry";
import { passwordSetters } from "@/worker/passwords/registry";
import type { Job, PasswordJob, ReachJob } from "@/worker/protocol";
import { dialAll, endingBeforeSignIn, Reached } from "@/worker/reach";
import { createStepLog, type StepLog } from "@/worker/step-log";
import { type UncaughtErrors, watchUncaughtErrors } from "@/worker/uncaught-errors";

/** How long a driver may take to report that its socket failed. After that, the worker reports it. */
const driverGraceMs = 300;

const stepAfter = { resolved: "network", connected: "tls", open: "sign_in" } as const;

/** Tests replace only the route to an Internet host. */
export type TestOverrides = Pick<GuardOptions, "route">;

/**
 * Installs the egress guard without destinations, then loads the driver of the kind that is probably checked
 * next.
 */
export async function prepareWorker(kind: string): Promise<void> {
  if (!hasCheck(kind)) return;
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

/** Loads the check of a kind and its driver, and nothing of the other kinds. Returns null for an unknown kind. */
async function load(kind: string): Promise<Check | null> {
  const check = hasCheck(kind) ? await checks[kind]() : null;
  await check?.preload?.();
  return check;
}

function hasCheck(kind: string): kind is ConnectorKind {
  return Object.hasOwn(checks, kind);
}

type Result = Extract<CheckEvent, { type: "result" }>;

/**
 * Runs one check and reports each step. A job without secrets ends before the sign-in. Use it only in a process
 * that does nothing else.
 */
export async function runCheck(
  job: Job,
  report: (event: StepEvent) => void,
  overrides: TestOverrides = {},
): Promise<Result> {
  closeExits();
  // Before the clock starts, so that loading a driver does not count as a step's time.
  const check = await load(job.kind);
  const startedAt = performance.now();
  const failures: SocketFailure[] = [];
  const uncaught = watchUncaughtErrors();
  const isWhole = "secrets" in job;
  const log = createStepLog(report);
  const steps = isWhole ? log : endingBeforeSignIn(log, uncaught.fail);
  // Without a driver, several destinations may open one after another.
  const hasDriver = isWhole || check?.standIns !== undefined;
  installEgressGuard({
    destinations: job.destinations,
    egressAllow: job.egressAllow,
    ...overrides,
    onProgress: (reached) => {
      if (hasDriver || reached !== "open") steps.begin(stepAfter[reached]);
    },
    onFailure: (failure) => {
      failures.push(failure);
      setTimeout(
        uncaught.fail,
        driverGraceMs,
        new Error("The driver did not report that its socket failed."),
      );
    },
  });
  const outcome =
    check === null
      ? new CheckFailure("misconfigured")
      : await findOutcome(job, check, { steps, uncaught, failures });
  const ms = Math.round(performance.now() - startedAt);
  return toResult(outcome, log, ms, isWhole ? undefined : "sign_in");
}

function toResult(
  outcome: CheckFacts | CheckFailure,
  steps: StepLog,
  ms: number,
  before?: CheckStep,
): Result {
  if (outcome instanceof CheckFailure) {
    const { code, step = steps.current, field, facts } = outcome;
    // A finding may prove that the steps before it passed.
    steps.begin(step);
    return { type: "result", ok: false, code, step, ms, ...(field && { field }), ...(facts && { facts }) };
  }
  steps.finish(before);
  return { type: "result", ok: true, ms, facts: outcome };
}

type CheckRun = { steps: StepLog; uncaught: UncaughtErrors; failures: readonly SocketFailure[] };

async function findOutcome(
  job: Job,
  check: Check,
  { steps, uncaught, failures }: CheckRun,
): Promise<CheckFacts | CheckFailure> {
  const properties = "secrets" in job ? { ...job.properties, ...job.secrets } : withStandIns(job, check);
  const run = () => {
    if ("change" in job) return setPassword(job, properties, steps);
    const isRun = "secrets" in job || check.standIns !== undefined;
    return isRun ? check.run(properties, steps) : dialAll(job.destinations);
  };
  try {
    return (await Promise.race([run(), uncaught.first])) ?? {};
  } catch (error) {
    if (error instanceof Reached) return {};
    const failure = explain(error, check, properties, failures[0]);
    return !("secrets" in job) && isLeftToSecrets(failure, job) ? {} : failure;
  }
}

/** Sets a password. Only then are its step and its result those of a statement: see `PasswordSetter`. */
async function setPassword(
  { kind, change }: PasswordJob,
  properties: Record<string, unknown>,
  steps: StepLog,
): Promise<CheckFacts> {
  const loadSetter = isPasswordKind(kind) ? passwordSetters[kind] : undefined;
  if (!loadSetter) throw new CheckFailure("misconfigured");
  await (await loadSetter()).set(properties, change, steps);
  return {};
}

/** Only stand-ins: no credential field holds anything else, and a secret may give the user too. */
function withStandIns({ properties }: ReachJob, { connector, standIns }: Check): Record<string, unknown> {
  const references = secretFields(connector, properties).map(({ field }) => field);
  const settings = Object.entries(properties).filter(([field]) => !references.includes(field));
  const users = references.flatMap((field) => userFieldOf(connector, field) ?? []);
  return {
    ...Object.fromEntries(users.map((user) => [user, standIn])),
    ...Object.fromEntries(settings),
    ...standIns,
  };
}

/** How a server refuses a client without a certificate: by an alert of that name, by another one, or by hanging up. */
const certificateDemands: readonly CheckCode[] = [
  "client_certificate_required",
  "tls_failed",
  "connection_closed",
];

/**
 * True when the connection has a secret that may resolve this: its own CA certificate, or a client certificate.
 * The whole check then decides.
 */
function isLeftToSecrets({ code, step }: CheckFailure, { properties }: ReachJob): boolean {
  if (code === "tls_untrusted") return properties.caCertificate !== undefined;
  return step === "tls" && properties.clientCertificate !== undefined && certificateDemands.includes(code);
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
