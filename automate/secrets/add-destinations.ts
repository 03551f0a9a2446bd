import { v7 as uuidv7 } from "uuid";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** The actor in whose name a destination is allowed. */
export type Author = Pick<AuditEntry, "actor"> & { fabricId: string; teamId: string };

/**
 * A destination of one version of a secret. `toReview` names the connections for which an upgrade allowed it
 * unreviewed.
 */
export type Allowance = {
  secretId: string;
  name: string;
  version: number;
  destination: string;
  toReview: string | null;
};

/** Further details of the audit event: why, and for which connection. */
type EventDetails = Readonly<Record<string, string>>;
type Action = "destination.allow" | "destination.carry" | "destination.review";

/** `allowAll` for one secret. */
export async function addDestinations(
  tx: Tx,
  author: Author,
  { id: secretId, name, version }: Pick<UsableSecret, "id" | "name" | "version">,
  destinations: readonly string[],
  action: Action,
  { details, toReview }: { details?: EventDetails; toReview?: ReadonlyMap<string, string | null> } = {},
): Promise<void> {
  const allowances = destinations.map((destination) => ({
    secretId,
    name,
    version,
    destination,
    toReview: toReview?.get(destination) ?? null,
  }));
  await allowAll(tx, author, allowances, action, details);
}

/**
 * Allows destinations for versions of secrets, with one audit event for each secret.
 *
 * Closes the requests that are now fully allowed. `destination.carry` keeps `toReview`; any other action
 * clears it. Uses a fixed number of statements, because thousands of secrets may share a certificate
 * authority.
 */
export async function allowAll(
  tx: Tx,
  { fabricId, teamId, actor }: Author,
  allowances: readonly Allowance[],
  action: Action,
  more: EventDetails = {},
): Promise<void> {
  const allowancesJson = JSON.stringify(allowances.map((allowance) => ({ id: uuidv7(), ...allowance })));
  await tx.$executeRaw`
    INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "toReview", "createdById", "createdByName")
    SELECT id, ${fabricId}, "secretId", version, destination, "toReview", ${actor.id}, ${actor.name}
    FROM jsonb_to_recordset(${allowancesJson}::jsonb)
      AS g(id text, "secretId" text, version int, destination text, "toReview" text)
    ON CONFLICT DO NOTHING`;
  if (action !== "destination.carry")
    await tx.$executeRaw`
      UPDATE allowed_destination a
      SET "toReview" = NULL, "createdById" = ${actor.id}, "createdByName" = ${actor.name}
      FROM jsonb_to_recordset(${allowancesJson}::jsonb) AS g("secretId" text, version int, destination text)
      WHERE a."secretId" = g."secretId" AND a.version = g.version AND a.destination = g.destination
        AND a."toReview" IS NOT NULL`;
  await tx.$executeRaw`
    UPDATE destination_request r
    SET decision = 'allowed', "decidedAt" = clock_timestamp(), "decidedByName" = ${actor.name}
    FROM (SELECT DISTINCT "secretId", version FROM jsonb_to_recordset(${allowancesJson}::jsonb) AS g("secretId" text, version int)) s
    WHERE r."secretId" = s."secretId" AND r.version = s.version AND r.decision IS NULL
      AND r.destinations <@ ARRAY(
        SELECT destination FROM allowed_destination a WHERE a."secretId" = r."secretId" AND a.version = r.version)`;
  const bySecret = Map.groupBy(allowances, ({ secretId }) => secretId);
  const events = [...bySecret.values()].flatMap((own): AuditEntry[] => {
    const [first] = own;
    if (!first) return [];
    const { secretId: id, name, version } = first;
    const destination = own.map((allowance) => allowance.destination);
    const details = { destination, version, ...more };
    return [{ actor, teamId, fabricId, action, object: { kind: "secret", id, name }, details }];
  });
  await record(tx, ...events);
}
