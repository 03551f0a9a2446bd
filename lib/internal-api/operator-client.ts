import "server-only";
import { operatorEnv } from "@/lib/env";
import { automateError } from "@/lib/internal-api/contract";
import {
  type OperatorAnswer,
  type OperatorBody,
  type OperatorPurpose,
  operatorRequests,
} from "@/lib/internal-api/operator-contract";
import { signedRequest } from "@/lib/internal-api/signed-request";

/** Automate did not answer, or refused. The message is a sentence for the operator. */
export class OperatorRefused extends Error {
  override name = "OperatorRefused";
}

/**
 * Sends one request of the operator to automate's internal port, and returns its answer.
 * Throws `OperatorRefused`, and `BadEnvironment` without AUTOMATE_URL and OPERATOR_SIGNING_KEY.
 */
export async function askAsOperator<P extends OperatorPurpose>(
  purpose: P,
  body: OperatorBody<P>,
  timeoutMs = 60_000,
): Promise<OperatorAnswer<P>> {
  const { AUTOMATE_URL, OPERATOR_SIGNING_KEY } = operatorEnv();
  const url = new URL(operatorRequests[purpose].path, AUTOMATE_URL);
  const request = await signedRequest(
    { name: "operator", key: OPERATOR_SIGNING_KEY },
    { purpose, url, body },
  );
  const response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => {
    throw new OperatorRefused(
      `Automate at ${url.origin} (AUTOMATE_URL) does not answer. Is it running, and is this its internal port?`,
    );
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const refusal = automateError.safeParse(answer).data?.error;
    throw new OperatorRefused(
      refusal
        ? refusal.message
        : `${url.origin} answered ${response.status}, which is not an answer of Automate.`,
    );
  }
  // `parse` returns the union of all answers; this request's purpose determines which one it is.
  return operatorRequests[purpose].answer.parse(answer) as OperatorAnswer<P>;
}
