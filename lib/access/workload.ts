import "server-only";
import { isCalled } from "@/lib/access/called-fabric";
import type { PublicKeySet } from "@/lib/access/issuer-keys";
import type { PipelineAnswer } from "@/lib/access/pipeline";
import { type ConnectionPins, restrictionOf } from "@/lib/access/restriction";
import { grant } from "@/lib/access/scope";
import { isFrom } from "@/lib/access/source-address";
import { matchesSubject } from "@/lib/access/subject-pattern";
import { statement } from "@/lib/db/prepared";

declare const verified: unique symbol;

/** What a token of an issuer says. Only `automate/runtime-api/workload-token.ts` makes one. */
export type WorkloadClaims = {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly [verified]: true;
};

/** An issuer that a fabric trusts, and whether a token fits it by what it says. */
export type Trust = {
  id: string;
  name: string;
  audience: string;
  subject: string;
  spansParts: boolean;
  /** Given by hand; null where the issuer is asked. */
  keys: PublicKeySet | null;
  fabricId: string;
  fabricName: string;
  teamId: string;
  secretIds: string[];
  connectionIds: string[];
  pins: ConnectionPins;
  cidrs: string[];
  fitsAudience: boolean;
  fitsSubject: boolean;
};

const findIssuers = statement<Omit<Trust, "fitsAudience" | "fitsSubject">>(
  `SELECT i.id, i.name, i.audience, i.subject, i."spansParts", i.keys, i."fabricId", f.name AS "fabricName", f."teamId",
     i."secretIds", i."connectionIds", i.pins, i.cidrs
   FROM trusted_issuer i JOIN fabric f ON f.id = i."fabricId" WHERE i.issuer = $1 ORDER BY i.id`,
);

/**
 * The trusts of an issuer that a token's audience or subject fits. An issuer of the whole world has tokens for everybody: a trust
 * that neither fits is not concerned.
 */
export async function findTrusts({
  issuer,
  audiences,
  subject,
}: Pick<WorkloadClaims, "issuer" | "audiences" | "subject">): Promise<Trust[]> {
  return (await findIssuers(issuer))
    .map((row) => ({
      ...row,
      fitsAudience: audiences.includes(row.audience),
      fitsSubject: matchesSubject(row.subject, subject, row),
    }))
    .filter(({ fitsAudience, fitsSubject }) => fitsAudience || fitsSubject);
}

/**
 * The scope of a workload by one of the trusts whose keys signed its token, or null. A new trust's audience names its fabric. Where
 * trusts of before leave several fabrics, `meant` says which one, by id or name; without it, none is. Where one trusts the issuer
 * more than once, the first trust that holds for the address `source` counts.
 */
export function authorizeWorkload(
  { subject }: WorkloadClaims,
  trusts: readonly Trust[],
  { meant, source }: { meant: string | undefined; source: string },
): PipelineAnswer | null {
  const rows = trusts.filter(
    ({ fitsAudience, fitsSubject, fabricId, fabricName }) =>
      fitsAudience &&
      fitsSubject &&
      (meant === undefined || isCalled({ id: fabricId, name: fabricName }, meant)),
  );
  const row = rows.find(({ cidrs }) => isFrom(source, cidrs)) ?? rows[0];
  if (!row || rows.some((other) => other.fabricId !== row.fabricId)) return null;
  const { fabricId, teamId } = row;
  const actor = workloadActor(row, subject);
  if (!isFrom(source, row.cidrs)) return { refused: { actor, teamId, fabricId, code: "wrong_address" } };
  return { scope: grant(actor, "pipeline", { id: fabricId, teamId }, "secret:use", restrictionOf(row)) };
}

/** A workload as the audit log names it; without its subject, where nothing shows that the token is its own. */
export function workloadActor({ id, name }: Pick<Trust, "id" | "name">, subject?: string) {
  const said = subject === undefined ? "" : `: ${[...subject].slice(0, 200).join("")}`;
  return { kind: "pipeline", id, name: `${name}${said}` } as const;
}
