import type { Client } from "pg";
import { v7 as uuidv7 } from "uuid";
import { sentKey } from "@/lib/connectors/destination";
import { type Referenced, secretsOfConnection, tokenServerOf } from "@/lib/connectors/secret-destinations";

type Secret = Referenced & { name: string };
type Row = {
  id: string;
  name: string;
  kind: string;
  fabricId: string;
  properties: Record<string, unknown>;
  references: { field: string; secret: Secret }[];
};
/**
 * A destination of a secret, and the connections that send it there; no connections for the secret's own
 * token server.
 */
type Present = { fabricId: string; secret: Secret; destination: string; connections: string[] };

const pageSize = 500;
const shownNames = 3;

// The parts of a secret's current version (s) that determine its destinations.
const secretObject = `json_build_object('id', s.id, 'name', s.name, 'subKind', s."subKind", 'version', v.version, 'metadata', v.facts)`;
const currentVersion = `CROSS JOIN LATERAL
  (SELECT version, facts FROM secret_version WHERE "secretId" = s.id ORDER BY version DESC LIMIT 1) v`;

/**
 * Upgrades an installation whose earlier version required allowed destinations for checks only. Allows the
 * present destinations of saved connections and M2M OAuth secrets, so that no pipeline stops at the upgrade.
 * Records them in the audit log, for Admins to review.
 */
export async function allowPresentDestinations(owner: Client): Promise<void> {
  const present = new Map<string, Present>();
  const add = (fabricId: string, secret: Secret, destination: string, connection?: string) => {
    const key = `${secret.id} ${destination}`;
    const entry = present.get(key) ?? { fabricId, secret, destination, connections: [] };
    present.set(key, entry);
    if (connection !== undefined) entry.connections.push(connection);
  };
  for await (const { kind, name, fabricId, properties, references } of connectionsOf(owner)) {
    for (const { secret, destinations } of secretsOfConnection(kind, properties, references) ?? [])
      for (const destination of destinations) add(fabricId, secret, destination, name);
  }
  const { rows } = await owner.query<{ fabricId: string; secret: Secret }>(
    `SELECT s."fabricId", ${secretObject} AS secret FROM secret s ${currentVersion}
     WHERE s."subKind" = 'm2m_oauth' AND s."deletedAt" IS NULL`,
  );
  for (const { fabricId, secret } of rows) {
    const server = tokenServerOf(secret.metadata);
    if (server !== null) add(fabricId, secret, server);
  }
  const all = [...present.values()];
  for (let at = 0; at < all.length; at += pageSize) await allow(owner, all.slice(at, at + pageSize));
  const proved = all.filter(
    ({ secret, destination }) =>
      sentKey(destination) !== destination && !present.has(`${secret.id} ${sentKey(destination)}`),
  );
  for (let at = 0; at < proved.length; at += pageSize) await narrow(owner, proved.slice(at, at + pageSize));
}

async function* connectionsOf(owner: Client): AsyncGenerator<Row> {
  for (let after = ""; ; ) {
    const { rows } = await owner.query<Row>(
      `SELECT c.id, c.name, c.kind, c."fabricId", c.properties, coalesce((
         SELECT json_agg(json_build_object('field', r.field, 'secret', ${secretObject}) ORDER BY r.field)
         FROM connection_secret r JOIN secret s ON s.id = r."secretId" AND s."deletedAt" IS NULL ${currentVersion}
         WHERE r."connectionId" = c.id), '[]') AS references
       FROM connection c WHERE c.id > $1 ORDER BY c.id LIMIT ${pageSize}`,
      [after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/**
 * Allows and records each destination in one statement, so that neither happens without the other. Existing
 * allowances stay unchanged.
 */
async function allow(owner: Client, present: readonly Present[]): Promise<void> {
  const rows = present.map(({ fabricId, secret, destination, connections }) => ({
    id: uuidv7(),
    eventId: uuidv7(),
    fabricId,
    secretId: secret.id,
    secretName: secret.name,
    version: secret.version,
    destination,
    toReview: shortened(connections),
  }));
  await owner.query(
    `WITH input AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(id text, "eventId" text, "fabricId" text, "secretId" text,
         "secretName" text, version int, destination text, "toReview" text)
     ), allowed AS (
       INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "createdById", "createdByName", "toReview")
       SELECT id, "fabricId", "secretId", version, destination, 'upgrade', 'Selvage', "toReview" FROM input
       ON CONFLICT ("secretId", version, destination) DO NOTHING RETURNING id
     )
     INSERT INTO audit_event (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
     SELECT "eventId", f."teamId", "fabricId", 'system', 'upgrade', 'Selvage', 'destination.allow', 'secret', "secretId", "secretName",
       jsonb_build_object('destination', jsonb_build_array(destination), 'version', version, 'reason', 'upgrade')
     FROM input JOIN allowed USING (id) JOIN fabric f ON f.id = "fabricId"`,
    [JSON.stringify(rows)],
  );
}

/**
 * Narrows older allowances. They allow sending the value itself, even where connections only prove that they
 * know it, so another kind of connection could disclose it. A replacement keeps the review status.
 */
async function narrow(owner: Client, proved: readonly Present[]): Promise<void> {
  const rows = proved.map(({ fabricId, secret, destination }) => ({
    eventId: uuidv7(),
    fabricId,
    secretId: secret.id,
    secretName: secret.name,
    version: secret.version,
    destination: sentKey(destination),
    proved: destination,
  }));
  await owner.query(
    `WITH input AS (
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS a("eventId" text, "fabricId" text, "secretId" text, "secretName" text,
         version int, destination text, proved text)
     ), gone AS (
       DELETE FROM allowed_destination a USING input
       WHERE a."secretId" = input."secretId" AND a.version = input.version AND a.destination = input.destination
       RETURNING input."eventId", input.proved, a."secretId", a.version, a."createdById", a."createdByName", a."toReview"
     ), narrowed AS (
       UPDATE allowed_destination a
       SET "createdById" = gone."createdById", "createdByName" = gone."createdByName", "toReview" = gone."toReview"
       FROM gone WHERE a."secretId" = gone."secretId" AND a.version = gone.version AND a.destination = gone.proved
     )
     INSERT INTO audit_event (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)
     SELECT "eventId", f."teamId", "fabricId", 'system', 'upgrade', 'Selvage', 'destination.remove', 'secret', input."secretId",
       "secretName", jsonb_build_object('destination', jsonb_build_array(destination), 'version', input.version, 'reason', 'upgrade')
     FROM input JOIN gone USING ("eventId") JOIN fabric f ON f.id = "fabricId"`,
    [JSON.stringify(rows)],
  );
}

function shortened(connections: readonly string[]): string {
  const more = connections.length - shownNames;
  return connections.slice(0, shownNames).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
