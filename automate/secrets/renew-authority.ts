import { type Allowance, type Author, allowAll } from "@/automate/secrets/add-destinations";
import { entries } from "@/automate/secrets/entered-recently";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { areEvents } from "@/lib/audit/find-events";
import { sentKey } from "@/lib/connectors/destination";
import { Prisma, type Tx } from "@/lib/db/client";
import { getDestinationRule } from "@/lib/destinations/queries";

/** A new version of a certificate authority. */
type Replacement = {
  formerVersion: number;
  /** The authority's own destinations that it keeps, as keys. */
  kept: ReadonlyMap<string, unknown>;
  /** True when the author of the former version replaced it in the app. */
  isOwnRenewal: boolean;
  /** The access token that entered the authority, or null for a person in the app. */
  tokenId: string | null;
  /** From when the token's entries count. */
  since: Date;
};

/**
 * Lets other secrets keep their destinations when a certificate authority is replaced.
 *
 * The authority is part of these destinations, so they need new allowances. If the authority's own author
 * renewed it in the app, all of them are kept. Otherwise an attacker, or a stolen access token, could enter an
 * authority of their own and impersonate the server. Then only secrets that the same author entered completely
 * keep them, and none in a locked fabric.
 */
export async function keepForOtherSecrets(
  tx: Tx,
  author: Author,
  { id, version }: SecretWithAuthors,
  { formerVersion, kept, isOwnRenewal, tokenId, since }: Replacement,
): Promise<void> {
  const { fabricId, actor } = author;
  if (!isOwnRenewal && (await getDestinationRule({ fabricId }, tx)) === "locked") return;
  const [from, to] = [`ca=${id}.${formerVersion}`, `ca=${id}.${version}`];
  const secretId = Prisma.raw("s.id");
  const entered = areEvents("actorAndObject", fabricId, [secretId, actor.id], entries, "e");
  // The conditions of `isEnteredOnlyBy` and `isEnteredOnlyByToken`, for many secrets.
  const rows = await tx.$queryRaw<Allowance[]>`
    SELECT s.id AS "secretId", s.name, v.version, a.destination, a."toReview"
    FROM allowed_destination a
    JOIN secret s ON s.id = a."secretId" AND s."deletedAt" IS NULL
    JOIN secret_version v ON v."secretId" = s.id AND v.version = a.version
    WHERE a."fabricId" = ${fabricId} AND right(a.destination, ${from.length}::int) = ${from}
      AND NOT EXISTS (SELECT 1 FROM secret_version later WHERE later."secretId" = s.id AND later.version > v.version)
      AND (${isOwnRenewal} OR NOT EXISTS (
        SELECT 1 FROM jsonb_each_text(v.manifest) AS set_in(field, version)
        WHERE ${actor.id} IS DISTINCT FROM (
            SELECT entered."createdById" FROM secret_version entered
            WHERE entered."secretId" = s.id AND entered.version = set_in.version::int)
          OR ${tokenId}::text IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM audit_event e
            WHERE ${entered} AND e.at > ${since}
              AND e.details->>'accessTokenId' = ${tokenId}
              AND coalesce((e.details->>'version')::int, 1) = set_in.version::int)))
    ORDER BY s.id, a.destination`;
  const allowances = rows.flatMap(({ destination, ...row }) => {
    const server = destination.slice(0, -from.length - 1);
    // A certificate authority is not sent to the token server for which it vouches, so it has no row for that.
    return kept.has(sentKey(server)) || server.startsWith("oauth-token://")
      ? [{ ...row, destination: `${destination.slice(0, -from.length)}${to}` }]
      : [];
  });
  if (allowances.length > 0) await allowAll(tx, author, allowances, "destination.carry");
}
