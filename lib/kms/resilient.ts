import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { CannotUnwrap, KeyServiceFault, type MasterKey } from "@/lib/kms/define";

/** The outcome of one call to a key service. The keyring's owner measures them. */
export type KeyCall = {
  label: string;
  operation: "wrap" | "unwrap" | "describe";
  /** `ok`, the state that the fault tells, or `cannot_unwrap`. */
  outcome: "ok" | "cannot_unwrap" | KeyServiceFault["state"];
  seconds: number;
};

export type Resilience = {
  /** How long one call may take. */
  callTimeoutMs: number;
  /** How often a call is made in all. */
  attempts: number;
  /** The longest wait between two attempts. */
  maxDelayMs: number;
  /** After so many failed calls in a row, the key service is not called. */
  breakAfter: number;
  /** For so long; then one call tries it. */
  breakForMs: number;
};

/** A call ends within about 7 seconds, before web gives up on automate's answer. */
export const defaultResilience: Resilience = {
  callTimeoutMs: 2_000,
  attempts: 3,
  maxDelayMs: 500,
  breakAfter: 5,
  breakForMs: 5_000,
};

/**
 * Bounds the time of each call of a key's service, retries with jitter what is worth it, and stops calling a
 * service that keeps failing, so that callers fail at once instead of waiting. One key, one circuit breaker.
 */
export function resilient(
  key: MasterKey,
  label: string,
  onCall: (call: KeyCall) => void,
  { callTimeoutMs, attempts, maxDelayMs, breakAfter, breakForMs }: Resilience = defaultResilience,
): MasterKey {
  let openUntil = 0;
  const breaker = circuitBreaker(handleWhen(isUnavailable), {
    halfOpenAfter: breakForMs,
    breaker: new ConsecutiveBreaker(breakAfter),
  });
  breaker.onBreak(() => {
    openUntil = Date.now() + breakForMs;
  });
  const bounded = timeout(callTimeoutMs, TimeoutStrategy.Aggressive);
  const again = retry(
    handleWhen((error) => isUnavailable(error) && (error.retryAfterMs ?? 0) <= maxDelayMs),
    {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: maxDelayMs }),
    },
  );
  const guarded = wrap(again, breaker);

  /** One measured call within its time. Throws `KeyServiceFault` or `CannotUnwrap` only. */
  async function call<T>(
    operation: KeyCall["operation"],
    ask: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const startedAt = performance.now();
    let outcome: KeyCall["outcome"] = "ok";
    try {
      return await bounded.execute(({ signal: own }) => ask(own), signal);
    } catch (error) {
      const fault = faultOf(error, label);
      outcome = fault instanceof KeyServiceFault ? fault.state : "cannot_unwrap";
      throw fault;
    } finally {
      onCall({ label, operation, outcome, seconds: (performance.now() - startedAt) / 1000 });
    }
  }

  async function guard<T>(
    operation: KeyCall["operation"],
    ask: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await guarded.execute((context) => call(operation, ask, context.signal), signal);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw faultOf(error, label);
      throw new KeyServiceFault("unavailable", `The service of master key “${label}” keeps failing.`, {
        retryAfterMs: Math.max(0, openUntil - Date.now()),
      });
    }
  }

  return {
    provider: key.provider,
    keyId: key.keyId,
    fingerprint: key.fingerprint,
    wrap: (plain, context, signal) => guard("wrap", (own) => key.wrap(plain, context, own), signal),
    unwrap: (wrapped, context, signal) => guard("unwrap", (own) => key.unwrap(wrapped, context, own), signal),
    // Without retry and breaker: it is called once a minute, and its answer is the state.
    describe: (signal = new AbortController().signal) =>
      call("describe", (own) => key.describe(own), signal).catch((error: unknown) => ({
        provider: key.provider,
        keyId: key.keyId,
        fingerprint: key.fingerprint,
        state: error instanceof KeyServiceFault ? error.state : "unavailable",
      })),
    ...(key.close ? { close: () => key.close?.() ?? Promise.resolve() } : {}),
  };
}

function isUnavailable(error: Error): error is KeyServiceFault {
  return error instanceof KeyServiceFault && error.state === "unavailable";
}

/** Whatever else a provider throws counts as a failed service. Its message could contain a secret. */
function faultOf(error: unknown, label: string): KeyServiceFault | CannotUnwrap {
  if (error instanceof KeyServiceFault || error instanceof CannotUnwrap) return error;
  const what = error instanceof TaskCancelledError ? "did not answer in time" : "gave no usable answer";
  return new KeyServiceFault("unavailable", `The service of master key “${label}” ${what}.`, {
    cause: error,
  });
}
