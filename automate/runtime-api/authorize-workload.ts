import { setTimeout as sleep } from "node:timers/promises";
import { type JudgedToken, judgeWorkloadToken } from "@/automate/runtime-api/workload-token";
import { recordRefusal } from "@/automate/secrets/aggregated-events";
import { matchesFabric } from "@/lib/access/fabric-reference";
import type { PipelineAnswer } from "@/lib/access/pipeline";
import { isFrom } from "@/lib/access/source-address";
import { authorizeWorkload, type Trust, workloadActor } from "@/lib/access/workload";
import { namesFabric } from "@/lib/trusted-issuers/schema";

/**
 * Every refusal of a workload token takes this long, or a multiple of it. Otherwise an attacker could find
 * out by timing whether a team trusts an issuer, and how fast that issuer answers. Fetching an issuer's keys
 * fits in this time.
 */
export const refusalDurationMs = 2_000;
const keysTimeoutMs = 1_500;

/** The fabric that the request names, if any, and its source address. */
type WorkloadRequest = { fabric: string | undefined; source: string };

/**
 * Returns the scope of a workload token, or null. Before it returns null, it records the refusal for the
 * fabrics concerned and waits out the fixed refusal time. Timing therefore does not reveal whether an issuer
 * is trusted.
 */
export async function authorizeWorkloadToken(
  token: string,
  request: WorkloadRequest,
): Promise<PipelineAnswer | null> {
  const startedAt = performance.now();
  const judged = await judgeWorkloadToken(token, keysTimeoutMs);
  const signed = judged?.trusts.flatMap(({ trust, fault }) => (fault === null ? [trust] : [])) ?? [];
  const answer = judged && authorizeWorkload(judged.claims, signed, request);
  if (answer && "scope" in answer) return answer;
  if (judged) await recordFaults(judged, request);
  const durationMs = performance.now() - startedAt;
  await sleep(Math.ceil(durationMs / refusalDurationMs) * refusalDurationMs - durationMs);
  return null;
}

/**
 * Records why a token was refused, for each trust whose audience or subject it fits. The first refusal of a
 * minute is recorded, the others are counted, so that tokens of a public issuer cannot fill the audit log.
 * For an unsigned token, only its fault is recorded.
 */
async function recordFaults({ claims, trusts }: JudgedToken, request: WorkloadRequest): Promise<void> {
  await Promise.all(
    trusts.map(async ({ trust, fault }) => {
      const code = fault ?? mismatchOf(trust, request);
      // Anyone can write the claims of an unsigned token, so it must fit both audience and subject.
      if (fault !== null && !(trust.fitsAudience && trust.fitsSubject)) return;
      const isSigned = fault === null || fault === "token_expired" || fault === "wrong_life";
      const { teamId, fabricId, fitsSubject, audience } = trust;
      // With a shared audience, the token may be meant for another team's fabric. This fabric must not learn
      // that workload's subject.
      const isOwn = fitsSubject || namesFabric(audience, fabricId);
      const actor = workloadActor(trust, isSigned && isOwn ? claims.subject : undefined);
      await recordRefusal(JSON.stringify(["workload", code, trust.id]), {
        actor,
        teamId,
        fabricId,
        action: "token.refuse",
        object: { kind: "token", id: trust.id, name: actor.name },
        details: { code, source: request.source },
      });
    }),
  );
}

/** Returns why a signed, unexpired token does not fit a trust. */
function mismatchOf(trust: Trust, { fabric, source }: WorkloadRequest): string {
  const { fitsAudience, fitsSubject, fabricId, fabricName, cidrs } = trust;
  if (!fitsAudience) return "wrong_audience";
  if (!fitsSubject) return "wrong_subject";
  if (fabric !== undefined && !matchesFabric({ id: fabricId, name: fabricName }, fabric))
    return "wrong_fabric";
  return isFrom(source, cidrs) ? "several_fabrics" : "wrong_address";
}
