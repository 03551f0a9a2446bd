import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "@/automate/http/error";
import { bodyOf } from "@/automate/http/json-body";
import { verifyHeader, verifySignature } from "@/automate/internal-api/verify-signature";
import { automateEnv } from "@/lib/env";
import {
  type OperatorAnswer,
  type OperatorBody,
  type OperatorPurpose,
  operatorRequests,
} from "@/lib/internal-api/operator-contract";

/**
 * Registers the route of an operator's purpose. Before `run`, automate verifies the operator's signature.
 * `bodyLimit` is in bytes.
 */
export function handleForOperator<P extends OperatorPurpose>(
  app: FastifyInstance,
  purpose: P,
  run: (input: {
    body: OperatorBody<P>;
    request: FastifyRequest;
    reply: FastifyReply;
  }) => Promise<OperatorAnswer<P>>,
  { bodyLimit = 64 * 1024 }: { bodyLimit?: number } = {},
): void {
  // A body may be large, so automate reads only those that the operator has signed.
  const onRequest = async (request: FastifyRequest) => void (await verifyHeader(request, operator(purpose)));
  app.post(operatorRequests[purpose].path, { bodyLimit, onRequest }, async (request, reply) => {
    await verifySignature(request, operator(purpose));
    const parsed = operatorRequests[purpose].body.safeParse(bodyOf(request)?.json);
    if (!parsed.success) throw new Refusal(400, "invalid", "Invalid request body.");
    // This purpose's own schema parsed the body.
    return run({ body: parsed.data as OperatorBody<P>, request, reply });
  });
}

function operator(purpose: OperatorPurpose) {
  const { OPERATOR_PUBLIC_KEY } = automateEnv();
  if (!OPERATOR_PUBLIC_KEY)
    throw new Refusal(
      401,
      "no_operator",
      "Automate accepts no operator’s requests: set OPERATOR_PUBLIC_KEY for automate.",
    );
  return { sender: "operator", keys: OPERATOR_PUBLIC_KEY, purpose } as const;
}
