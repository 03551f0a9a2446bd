import { type CheckJob, checkJobSchema } from "@/automate/check-job";
import { type Check, CheckFailure } from "@/automate/checks/define";
import { checks } from "@/automate/checks/registry";
import { rehearseDial } from "@/automate/checks/rehearsal";
import { createStepLog, type StepLog } from "@/automate/checks/step-log";
import { type GuardOptions, installEgressGuard, type SocketFailure } from "@/automate/egress-guard";
import type { CheckCode, CheckEvent, CheckFacts } from "@/lib/connectors/check-protocol";
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

/** Runs one check to its end and reports each step and the result. Only for a process that does nothing else. */
export async function runCheck(
  job: CheckJob,
  emit: (event: CheckEvent) => void,
  surroundings: Surroundings = {},
): Promise<void> {
  shutExits();
  // Before the clock starts: the time that a driver takes to load is no step's.
  await load(job.kind);
  const startedAt = performance.now();
  const steps = createStepLog(emit);
  const outcome = await findOutcome(job, steps, surroundings);
  const ms = Math.round(performance.now() - startedAt);
  if (outcome instanceof CheckFailure) {
    const { code, step = steps.current, field, facts } = outcome;
    // A finding may show by itself that the steps before it were passed.
    steps.begin(step);
    emit({ type: "result", ok: false, code, step, ms, ...(field && { field }), ...(facts && { facts }) });
    return;
  }
  steps.finish();
  emit({ type: "result", ok: true, ms, facts: outcome });
}

async function findOutcome(
  job: CheckJob,
  steps: StepLog,
  surroundings: Surroundings,
): Promise<CheckFacts | CheckFailure> {
  if (!isConnectorKind(job.kind)) return new CheckFailure("misconfigured");
  const properties = { ...job.properties, ...job.secrets };
  const seen: SocketFailure[] = [];
  const surprise = new Promise<never>((_resolve, reject) => {
    // Drivers throw where nobody can catch, such as in the handler of a socket's data.
    process.on("uncaughtException", reject);
    process.on("unhandledRejection", reject);
    installEgressGuard({
      destinations: job.destinations,
      egressAllow: job.egressAllow,
      ...surroundings,
      onProgress: (reached) => steps.begin(stepAfter[reached]),
      onFailure: (failure) => {
        seen.push(failure);
        setTimeout(reject, graceMs, new Error("The driver did not notice that its socket had failed."));
      },
    });
  });
  const check = await checks[job.kind]();
  try {
    return await Promise.race([check.run(properties, steps), surprise]);
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
