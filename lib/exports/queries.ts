import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { listConnections } from "@/lib/connections/queries";
import type { ConnectionSummary } from "@/lib/connections/schema";
import { isNeverSent, withMember } from "@/lib/connectors/nested-reference";
import { csvLine } from "@/lib/csv";
import { preparedQuery } from "@/lib/db/prepared";
import type { ExportFormat } from "@/lib/exports/schema";
import { listSecrets } from "@/lib/secrets/queries";
import { longestHistory, type SecretSummary } from "@/lib/secrets/schema";

/** Rows that are read at once. */
const pageSize = 250;

/** How many connections and destinations of one secret are named. `connectionCount` counts all. */
const maxNamed = 1_000;

type References = { id: string; connections: string[]; formerNames: string[]; destinations: string[] };

const findReferences = preparedQuery<References>(
  `SELECT s.id,
     ARRAY(SELECT DISTINCT c.name FROM connection_secret x JOIN connection c ON c.id = x."connectionId"
       WHERE x."secretId" = s.id ORDER BY c.name LIMIT ${maxNamed}) AS connections,
     ARRAY(SELECT n.name FROM secret_name n WHERE n."secretId" = s.id AND n."retiredAt" IS NOT NULL
       ORDER BY n."retiredAt" DESC LIMIT ${longestHistory}) AS "formerNames",
     ARRAY(SELECT a.destination FROM allowed_destination a WHERE a."secretId" = s.id
       AND a.version = (SELECT max(version) FROM secret_version v WHERE v."secretId" = s.id)
       ORDER BY a.destination LIMIT ${maxNamed}) AS destinations
   FROM secret s WHERE s.id = ANY($1::text[]) AND s."fabricId" = $2`,
);

type Exported = SecretSummary & Omit<References, "id">;

/**
 * The secrets of a fabric by name, with their types, metadata and references, as the text of a file: piece by piece,
 * each when the consumer wants it. JSON has the connections, too, in the form in which an import takes them. No value
 * is read. Throws when the person's access ends in between.
 */
export async function* exportSecrets(
  { actor, fabricId }: Scope<"secret:list">,
  format: ExportFormat,
): AsyncGenerator<string> {
  // The first piece has the first page, so that a failure to load it is an error and not half a file.
  let head = format === "csv" ? csvLine(columns.map(([heading]) => heading)) : '{"secrets":[';
  for await (const secrets of secretPages(actor, fabricId)) {
    yield head + (format === "csv" ? secrets.map(csvOf).join("") : itemsOf(secrets.map(objectOf)));
    head = format === "csv" ? "" : ",";
  }
  if (format === "csv") return yield head;
  head = `${head === "," ? "" : head}],"connections":[`;
  for await (const connections of connectionPages(actor, fabricId)) {
    yield head + itemsOf(connections.map(connectionOf));
    head = ",";
  }
  yield `${head === "," ? "" : head}]}\n`;
}

async function* secretPages(
  actor: Scope<"secret:list">["actor"],
  fabricId: string,
): AsyncGenerator<Exported[]> {
  let after: string | undefined;
  do {
    // Again for each page: a slow client can read for hours.
    const scope = await authorize(actor, fabricId, "secret:list");
    const query = { search: "", sort: "name", order: "asc", after } as const;
    const page = await listSecrets(scope, query, { limit: pageSize, isLater: after !== undefined });
    const rows = await findReferences(
      page.secrets.map(({ id }) => id),
      fabricId,
    );
    const references = new Map(rows.map(({ id, ...row }) => [id, row]));
    const none = { connections: [], formerNames: [], destinations: [] };
    if (page.secrets.length > 0)
      yield page.secrets.map((secret) => ({ ...secret, ...(references.get(secret.id) ?? none) }));
    after = page.next ?? undefined;
  } while (after !== undefined);
}

async function* connectionPages(
  actor: Scope<"secret:list">["actor"],
  fabricId: string,
): AsyncGenerator<ConnectionSummary[]> {
  let after: string | undefined;
  do {
    const scope = await authorize(actor, fabricId, "connection:list");
    const page = await listConnections(
      scope,
      { search: "", after },
      { limit: pageSize, isLater: after !== undefined },
    );
    const own = page.warehouse?.connection ? [page.warehouse.connection] : [];
    const all = [...own, ...page.connections];
    if (all.length > 0) yield all;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

function itemsOf(items: readonly unknown[]): string {
  return JSON.stringify(items).slice(1, -1);
}

/** The columns of the CSV file. A list is one cell. */
const columns: readonly (readonly [string, (secret: Exported) => string | number | null | undefined])[] = [
  ["name", ({ name }) => name],
  ["type", ({ subKind }) => subKind],
  ["description", ({ description }) => description],
  ["version", ({ version }) => version],
  ["connections", ({ connections }) => connections.join("; ")],
  ["connectionCount", ({ usedBy }) => usedBy],
  ["pipelines", ({ pipelines }) => pipelines],
  ["lastReadAt", ({ lastReadAt }) => lastReadAt?.toISOString()],
  ["destinations", ({ destinations }) => destinations.join("; ")],
  ["formerNames", ({ formerNames }) => formerNames.join("; ")],
  ["expiresAt", ({ expiry }) => expiry?.at.toISOString()],
  ["owner", ({ owner }) => owner?.email],
  ["fileName", ({ metadata }) => metadata.fileName],
  ["sizeBytes", ({ metadata }) => metadata.sizeBytes],
  ["certificateSubject", ({ metadata }) => metadata.certificate?.subject],
  ["authHost", ({ metadata }) => metadata.authHost],
  ["createdAt", ({ createdAt }) => createdAt.toISOString()],
  ["createdBy", ({ createdByName }) => createdByName],
  ["updatedAt", ({ updatedAt }) => updatedAt.toISOString()],
  ["updatedBy", ({ updatedByName }) => updatedByName],
];

function csvOf(secret: Exported): string {
  return csvLine(columns.map(([, cell]) => cell(secret)));
}

function objectOf(secret: Exported) {
  return {
    name: secret.name,
    type: secret.subKind,
    description: secret.description,
    version: secret.version,
    connections: secret.connections,
    connectionCount: secret.usedBy,
    pipelines: secret.pipelines,
    lastReadAt: secret.lastReadAt,
    destinations: secret.destinations,
    formerNames: secret.formerNames,
    expiresAt: secret.expiry?.at ?? null,
    owner: secret.owner?.email ?? null,
    metadata: secret.metadata,
    createdAt: secret.createdAt,
    createdBy: secret.createdByName,
    updatedAt: secret.updatedAt,
    updatedBy: secret.updatedByName,
  };
}

/** A connection in the form in which an import takes it. */
function connectionOf({ name, kind, description, properties, references }: ConnectionSummary) {
  const plain = references.reduce<Record<string, unknown>>(
    (all, { field }) => withMember(all, field, undefined),
    properties,
  );
  const sent = references.filter(({ field }) => !isNeverSent(field));
  const secretNames = Object.fromEntries(sent.map((reference) => [reference.field, reference.name]));
  return { name, kind, description, properties: plain, secretNames };
}
