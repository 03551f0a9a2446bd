import { setTimeout as sleep } from "node:timers/promises";
import { type JudgedToken, judgeWorkloadToken } from "@/automate/runtime-api/workload-token";
import { recordOrAggregate } from "@/automate/secrets/aggregated-events";
import { isCalled } from "@/lib/access/called-fabric";
import type { PipelineAnswer } from "@/lib/access/pipeline";
import { isFrom } from "@/lib/access/source-address";
import { authorizeWorkload, type Trust, workloadActor } from "@/lib/access/workload";
import { namesFabric } from "@/lib/trusted-issuers/schema";

/**
 * Every refusal of a workload's token takes as long as this, or a multiple: whether some team trusts an issuer, and how fast that
 * answers, is nobody's to find out by a clock. An issuer's keys are waited for within it.
 */
export const refusalTakesMs = 2_000;
const keysWithinMs = 1_500;

/** Which fabric the request names, if any, and where it came from. */
type Asked = { meant: string | undefined; source: string };

/**
 * Returns the scope of a workload's token, or null. It returns null only after the refusal is recorded for the fabrics concerned
 * and the fixed time of a refusal has passed, so that nobody can tell by time whether an issuer is trusted.
 */
export async function authorizeWorkloadToken(token: string, asked: Asked): Promise<PipelineAnswer | null> {
  const began = performance.now();
  const judged = await judgeWorkloadToken(token, keysWithinMs);
  const signed = judged?.trusts.flatMap(({ trust, fault }) => (fault === null ? [trust] : [])) ?? [];
  const answer = judged && authorizeWorkload(judged.claims, signed, asked);
  if (answer && "scope" in answer) return answer;
  if (judged) await noteFaults(judged, asked);
  const took = performance.now() - began;
  await sleep(Math.ceil(took / refusalTakesMs) * refusalTakesMs - took);
  return null;
}

/**
 * Records why a token was refused, with each trust that its audience or its subject fits: once a minute and then counted, so that a
 * stranger with tokens of a public issuer cannot fill a log. Of a token that nobody signed nothing is kept but its fault.
 */
async function noteFaults({ claims, trusts }: JudgedToken, asked: Asked): Promise<void> {
  await Promise.all(
    trusts.map(async ({ trust, fault }) => {
      const code = fault ?? misfit(trust, asked);
      // Unsigned, it fits a trust only by what anybody could write.
      if (fault !== null && !(trust.fitsAudience && trust.fitsSubject)) return;
      const isSigned = fault === null || fault === "token_expired" || fault === "wrong_life";
      const { teamId, fabricId, fitsSubject, audience } = trust;
      // With a free audience it may have been for another team's fabric, whose workloads are not this one's to know.
      const isTheirs = fitsSubject || namesFabric(audience, fabricId);
      const actor = workloadActor(trust, isSigned && isTheirs ? claims.subject : undefined);
      await recordOrAggregate(JSON.stringify(["workload", code, trust.id]), {
        actor,
        teamId,
        fabricId,
        action: "token.refuse",
        object: { kind: "token", id: trust.id, name: actor.name },
        details: { code, source: asked.source },
      });
    }),
  );
}

/** Why a token that is signed and in its time does not count for a trust. */
function misfit(trust: Trust, { meant, source }: Asked): string {
  const { fitsAudience, fitsSubject, fabricId, fabricName, cidrs } = trust;
  if (!fitsAudience) return "wrong_audience";
  if (!fitsSubject) return "wrong_subject";
  if (meant !== undefined && !isCalled({ id: fabricId, name: fabricName }, meant)) return "wrong_fabric";
  return isFrom(source, cidrs) ? "several_fabrics" : "wrong_address";
}
