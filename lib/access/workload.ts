import "server-only";
import { grant, type Scope } from "@/lib/access/scope";
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
  teamId: string;
};

const findIssuers = statement<IssuerRow>(
  "find-issuers",
  `SELECT i.id, i.name, i.audience, i.subject, i."fabricId", f."teamId"
   FROM trusted_issuer i JOIN fabric f ON f.id = i."fabricId" WHERE i.issuer = $1 ORDER BY i.id`,
);

/** True when some fabric trusts this issuer: of any other nothing is asked, its keys neither. */
export async function isTrusted(issuer: string): Promise<boolean> {
  return (await findIssuers(issuer)).length > 0;
}

/**
 * The scope of a workload by an issuer that a fabric trusts, or null. Where several fabrics trust it with this audience and
 * subject, `fabricId` says which one is meant; without it, none is.
 */
export async function authorizeWorkload(
  { issuer, audiences, subject }: WorkloadClaims,
  fabricId: string | undefined,
): Promise<Scope<"secret:use"> | null> {
  const rows = (await findIssuers(issuer)).filter(
    (row) =>
      audiences.includes(row.audience) &&
      matchesSubject(row.subject, subject) &&
      (fabricId === undefined || row.fabricId === fabricId),
  );
  const [row] = rows;
  if (!row || rows.some((other) => other.fabricId !== row.fabricId)) return null;
  const actor = { kind: "pipeline", id: row.id, name: `${row.name}: ${subject.slice(0, 200)}` } as const;
  return grant(actor, "pipeline", { id: row.fabricId, teamId: row.teamId }, "secret:use");
}
