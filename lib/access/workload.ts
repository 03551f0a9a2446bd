import "server-only";
import type { PipelineAnswer } from "@/lib/access/pipeline";
import { type ConnectionPins, restrictionOf } from "@/lib/access/restriction";
import { grant } from "@/lib/access/scope";
import { isFrom } from "@/lib/access/source-address";
import { isCalled } from "@/lib/fabrics/schema";
import { matchesSubject } from "@/lib/issuers/schema";
import { statement } from "@/lib/statements";

declare const verified: unique symbol;

/** What a token of an issuer says, its signature and times verified. Only `automate/workload-token.ts` makes one. */
export type WorkloadClaims = {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly subject: string;
  readonly [verified]: true;
};

type IssuerRow = {
  id: string;
  name: string;
  audience: string;
  subject: string;
  fabricId: string;
  fabricName: string;
  teamId: string;
  secretIds: string[];
  connectionIds: string[];
  pins: ConnectionPins;
  cidrs: string[];
};

const findIssuers = statement<IssuerRow>(
  `SELECT i.id, i.name, i.audience, i.subject, i."fabricId", f.name AS "fabricName", f."teamId", i."secretIds", i."connectionIds", i.pins, i.cidrs
   FROM trusted_issuer i JOIN fabric f ON f.id = i."fabricId" WHERE i.issuer = $1 ORDER BY i.id`,
);

/** True when some fabric trusts this issuer: of any other nothing is asked, its keys neither. */
export async function isTrusted(issuer: string): Promise<boolean> {
  return (await findIssuers(issuer)).length > 0;
}

/**
 * The scope of a workload by an issuer that a fabric trusts, or null. Where several fabrics trust it with this audience and
 * subject, `meant` says which one, by id or name; without it, none is. Where one trusts it more than once, the first trust
 * that holds for the address `source` counts.
 */
export async function authorizeWorkload(
  { issuer, audiences, subject }: WorkloadClaims,
  { meant, source }: { meant: string | undefined; source: string },
): Promise<PipelineAnswer | null> {
  const rows = (await findIssuers(issuer)).filter(
    (row) =>
      audiences.includes(row.audience) &&
      matchesSubject(row.subject, subject) &&
      (meant === undefined || isCalled({ id: row.fabricId, name: row.fabricName }, meant)),
  );
  const row = rows.find(({ cidrs }) => isFrom(source, cidrs)) ?? rows[0];
  if (!row || rows.some((other) => other.fabricId !== row.fabricId)) return null;
  const { id, name, fabricId, teamId } = row;
  const actor = { kind: "pipeline", id, name: `${name}: ${[...subject].slice(0, 200).join("")}` } as const;
  if (!isFrom(source, row.cidrs)) return { refused: { actor, teamId, fabricId, code: "wrong_address" } };
  return { scope: grant(actor, "pipeline", { id: fabricId, teamId }, "secret:use", restrictionOf(row)) };
}
