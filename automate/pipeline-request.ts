import type { FastifyRequest } from "fastify";
import type { Caller } from "@/automate/read-secret";
import { Refusal } from "@/automate/refusal";
import { recordOrTally } from "@/automate/tally";
import { authorizePipeline, type PipelineAnswer } from "@/lib/access/pipeline";

type Refused = Extract<PipelineAnswer, { refused: unknown }>["refused"];

/**
 * Who asks, of a runtime request. Throws `Refusal` 401, in one shape, for a token that is missing, unknown,
 * expired, revoked or sent from an address that it may not come from.
 */
export async function requirePipeline(request: FastifyRequest): Promise<Caller> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const source = request.ip;
  const answer = token ? await authorizePipeline(token, source) : null;
  if (answer && "refused" in answer) await noteWrongAddress(answer.refused, source);
  if (!answer || !("scope" in answer))
    throw new Refusal(
      401,
      "unauthorized",
      "Send a valid pipeline token of a fabric as “Authorization: Bearer …”.",
    );
  return { scope: answer.scope, source };
}

/** Whoever holds a token and comes from elsewhere may try without end: told at once, and then once a minute with a count. */
async function noteWrongAddress(refused: Refused, source: string): Promise<void> {
  const entry = {
    ...refused,
    action: "token.refuse" as const,
    object: { kind: "token" as const, id: refused.actor.id, name: refused.actor.name },
    details: { code: "wrong_address", source },
  };
  await recordOrTally(`wrong-address ${refused.actor.id}`, entry);
}
