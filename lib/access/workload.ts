import "server-only";
import { matchesFabric } from "@/lib/access/fabric-reference";
import { fabricState } from "@/lib/access/fabric-state";
import type { PublicKeySet } from "@/lib/access/issuer-keys";
import type { PipelineAnswer } from "@/lib/access/pipeline";
import { type ConnectionPins, restrictionOf } from "@/lib/access/restriction";
import { grant } from "@/lib/access/scope";
import { isFrom } from "@/lib/access/source-address";
import { matchesSubject } from "@/lib/access/subject-pattern";
import { preparedQuery } from "@/lib/db/prepared";

declare const verified: unique symbol;

/** The verified claims of an issuer's token. Only `automate/runtime-api/workload-token.ts` creates them. */
export type WorkloadClaims = {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly [verified]: true;
};

/** An issuer that a fabric trusts, and whether a token's audience and subject match it. */
export type Trust = {
  id: string;
  name: string;
  audience: string;
  subject: string;
  spansParts: boolean;
  /** Keys that an Admin pasted; null when automate fetches them from the issuer. */
  keys: PublicKeySet | null;
  fabricId: string;
  fabricName: string;
  teamId: string;
  accessEpoch: number;
  isDeleted: boolean;
  secretIds: string[];
  connectionIds: string[];
  pins: ConnectionPins;
  cidrs: string[];
  fitsAudience: boolean;
  fitsSubject: boolean;
};

const findIssuers = preparedQuery<Omit<Trust, "fitsAudience" | "fitsSubject">>(
  `SELECT i.id, i.name, i.audience, i.subject, i."spansParts", i.keys, i."fabricId", f.name AS "fabricName", f."teamId", ${fabricState},
     i."secretIds", i."connectionIds", i.pins, i.cidrs
   FROM trusted_issuer i JOIN fabric f ON f.id = i."fabricId" WHERE i.issuer = $1 ORDER BY i.id`,
);

/**
 * Returns the trusts of an issuer whose audience or subject matches the token.
 * A public issuer gives tokens to everybody, so trusts that match neither are ignored.
 */
export async function findTrusts({
  issuer,
  audiences,
  subject,
}: Pick<WorkloadClaims, "issuer" | "audiences" | "subject">): Promise<Trust[]> {
  return (await findIssuers(issuer))
    .filter(({ isDeleted }) => !isDeleted)
    .map((row) => ({
      ...row,
      fitsAudience: audiences.includes(row.audience),
      fitsSubject: matchesSubject(row.subject, subject, row),
    }))
    .filter(({ fitsAudience, fitsSubject }) => fitsAudience || fitsSubject);
}

/**
 * Returns the scope of a workload, or null. The caller passes the trusts whose keys signed the token.
 * A new trust's audience names its fabric. Old trusts can match in several fabrics: then `fabric` selects one
 * by id or name, and without `fabric` the result is null.
 * If one fabric trusts the issuer several times, the first trust that allows the address `source` wins.
 */
export function authorizeWorkload(
  { subject }: WorkloadClaims,
  trusts: readonly Trust[],
  { fabric, source }: { fabric: string | undefined; source: string },
): PipelineAnswer | null {
  const rows = trusts.filter(
    ({ fitsAudience, fitsSubject, fabricId, fabricName }) =>
      fitsAudience &&
      fitsSubject &&
      (fabric === undefined || matchesFabric({ id: fabricId, name: fabricName }, fabric)),
  );
  const row = rows.find(({ cidrs }) => isFrom(source, cidrs)) ?? rows[0];
  if (!row || rows.some((other) => other.fabricId !== row.fabricId)) return null;
  const { fabricId, teamId, accessEpoch, isDeleted } = row;
  const actor = workloadActor(row, subject);
  if (!isFrom(source, row.cidrs)) return { refused: { actor, teamId, fabricId, code: "wrong_address" } };
  const granted = { id: fabricId, teamId, accessEpoch, isDeleted };
  return { scope: grant(actor, "pipeline", granted, "secret:use", restrictionOf(row)) };
}

/** The workload's name in the audit log. The caller omits the subject when no verified token proves it. */
export function workloadActor({ id, name }: Pick<Trust, "id" | "name">, subject?: string) {
  const suffix = subject === undefined ? "" : `: ${[...subject].slice(0, 200).join("")}`;
  return { kind: "pipeline", id, name: `${name}${suffix}` } as const;
}
