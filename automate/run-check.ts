import { type CheckJob, checkJobSchema } from "@/automate/check-job";
import { awaitSurprises, type Surprises } from "@/automate/check-surprises";
import { type Check, CheckFailure } from "@/automate/checks/define";
import { checks } from "@/automate/checks/registry";
import { rehearseDial } from "@/automate/checks/rehearsal";
import { createStepLog, type StepLog } from "@/automate/checks/step-log";
import { type GuardOptions, installEgressGuard, type SocketFailure } from "@/automate/egress-guard";
import type { Passage } from "@/automate/egress-passage";
import type { CheckCode, CheckEvent, CheckFacts, StepEvent } from "@/lib/connectors/check-protocol";
import { canonicalHost } from "@/lib/connectors/destination";
import { isConnectorKind } from "@/lib/connectors/registry";

/** How long a driver may take to notice that its socket failed, before that is said for it. */
const graceMs = 300;

const stepAfter = { resolved: "network", connected: "tls", open: "sign_in" } as const;

/** What a check is surrounded by; something else than the world only in tests. */
export type Surroundings = Pick<GuardOptions, "route">;

/** Shuts every exit of this process, then loads the driver of a kind that is likely to be checked next. */
export async function prepareCheck(kind: string): Promise<void> {
  if (!isConnectorKind(kind)) return;
  shutExits();
  checkJobSchema.safeParse(rehearsed);
  await rehearseDial();
  await load(kind);
}

/** A job of nothing, to read one before it counts. */
const rehearsed: CheckJob = { kind: "", properties: {}, secrets: {}, destinations: [], egressAllow: [] };

/** Before any driver is loaded, so that it finds every exit shut already. */
function shutExits(): void {
  installEgressGuard({ destinations: [], egressAllow: [], onProgress: () => {}, onFailure: () => {} });
}

async function load(kind: string): Promise<void> {
  if (isConnectorKind(kind)) await (await checks[kind]()).preload?.();
}

export type CheckEnd = {
  result: Extract<CheckEvent, { type: "result" }>;
  /** Ends what is left of the check; says whether nothing of it can act any more. */
  rest(): Promise<boolean>;
};

/** Runs one check to its end, telling each step. Only for a process that does nothing else meanwhile. */
export async function runCheck(
  job: CheckJob,
  tell: (event: StepEvent) => void,
  surroundings: Surroundings = {},
): Promise<CheckEnd> {
  shutExits();
  // Before the clock starts: the time that a driver takes to load is no step's.
  await load(job.kind);
  const startedAt = performance.now();
  const seen: SocketFailure[] = [];
  const passage = installEgressGuard({
    destinations: job.destinations,
    egressAllow: job.egressAllow,
    ...surroundings,
    onProgress: (reached) => steps.begin(stepAfter[reached]),
    onFailure: (failure) => {
      seen.push(failure);
      setTimeout(surprises.fail, graceMs, new Error("The driver did not notice that its socket had failed."));
    },
  });
  const surprises = awaitSurprises(passage);
  const steps = createStepLog((event) => passage.isOver || tell(event));
  const outcome = await findOutcome(job, { steps, passage, surprises, seen });
  const result = conclude(outcome, steps, Math.round(performance.now() - startedAt));
  return {
    result,
    async rest() {
      const isClosed = await passage.end();
      const isQuiet = surprises.end();
      // After a failure a driver may go on for long, dialling too: only what passed is known to have come to its end.
      return result.ok && isClosed && isQuiet && seen.length === 0;
    },
  };
}

function conclude(outcome: CheckFacts | CheckFailure, steps: StepLog, ms: number): CheckEnd["result"] {
  if (outcome instanceof CheckFailure) {
    const { code, step = steps.current, field, facts } = outcome;
    // A finding may show by itself that the steps before it were passed.
    steps.begin(step);
    return { type: "result", ok: false, code, step, ms, ...(field && { field }), ...(facts && { facts }) };
  }
  steps.finish();
  return { type: "result", ok: true, ms, facts: outcome };
}

type Trial = { steps: StepLog; passage: Passage; surprises: Surprises; seen: readonly SocketFailure[] };

async function findOutcome(
  { kind, properties: settings, secrets }: CheckJob,
  { steps, passage, surprises, seen }: Trial,
): Promise<CheckFacts | CheckFailure> {
  if (!isConnectorKind(kind)) return new CheckFailure("misconfigured");
  const properties = { ...settings, ...secrets };
  const check = await checks[kind]();
  try {
    return await Promise.race([passage.run(() => check.run(properties, steps)), surprises.first]);
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
