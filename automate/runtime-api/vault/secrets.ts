import type { FastifyReply } from "fastify";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { recordIfRefused, reserveAnswerMemory } from "@/automate/runtime-api/authenticate";
import { readConnection } from "@/automate/runtime-api/connections";
import { answerValue } from "@/automate/runtime-api/secret-answer";
import { airflowUri } from "@/automate/runtime-api/vault/airflow-uri";
import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { VaultCaller } from "@/automate/runtime-api/vault/caller";
import { findSecretsByName } from "@/automate/secrets/find-secret";
import type { Opened } from "@/automate/secrets/open-secret";
import { getSecretByName, openForUse, recordRefusedVersion } from "@/automate/secrets/read-secret";
import { findVersion, formerVersions, oldestRetainedVersion } from "@/automate/secrets/secret-version";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { db } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";
import { isPostgresText } from "@/lib/db/text";
import { inListSlot } from "@/lib/limits/list-slots";
import { laterPages } from "@/lib/paged-answer";
import { isSecretName, longestHistory } from "@/lib/secrets/schema";

/**
 * `{mount}/data/{path}`: the fields of the current version, or of `version`, by their API names. A Text has
 * `value`; a Binary has `value` as Base64 and `fileName`.
 *
 * A former version that the fabric no longer keeps is answered as destroyed.
 */
export async function readData(
  keys: FabricKeys,
  caller: VaultCaller,
  {
    path,
    requestedVersion,
    reply,
  }: { path: string; requestedVersion: string | undefined; reply: FastifyReply },
): Promise<VaultAnswer> {
  if (requestedVersion !== undefined && !/^\d{1,9}$/.test(requestedVersion))
    throw new VaultRefusal(400, ["version must be a number"]);
  const secret = await getSecretByName(caller, path);
  const version = Number(requestedVersion ?? 0) || secret.version;
  const row = await db.secretVersion.findUnique({
    where: { secretId_version: { secretId: secret.id, version } },
    select: { createdAt: true },
  });
  const requested = row && (await findVersion(secret, version));
  if (!requested) await recordRefusedVersion(caller, secret, version);
  if (!row) throw new VaultRefusal(404, []);
  if (!requested)
    throw new VaultRefusal(404, [], { data: null, metadata: versionOf(version, row.createdAt, true) });
  await reserveAnswerMemory(caller, reply, [requested]);
  const [opened = {}] = await openForUse(keys, caller, [requested]);
  return {
    data: { data: fieldsOf(requested, opened), metadata: versionOf(version, row.createdAt, false) },
  };
}

/**
 * `{mount}/data/connections/{name}`, where Airflow looks for its connections: the saved connection as
 * `conn_uri`. A secret of that path goes first, so that saving a connection changes no answer.
 */
export async function readConnectionUri(
  keys: FabricKeys,
  caller: VaultCaller,
  { path, connection, reply }: { path: string; connection: string; reply: FastifyReply },
): Promise<VaultAnswer> {
  const [secret] = isSecretName(path) ? await findSecretsByName(caller.scope, [path]) : [];
  if (secret) return readData(keys, caller, { path, requestedVersion: undefined, reply });
  const filled = await readConnection(keys, caller, { name: connection, reply });
  return {
    data: { data: { conn_uri: airflowUri(filled) }, metadata: versionOf(1, filled.updatedAt, false) },
  };
}

/** `{mount}/metadata/{path}`: the newest versions and when each was created. Opens nothing. */
export async function readMetadata(caller: VaultCaller, path: string): Promise<VaultAnswer> {
  const secret = await getSecretByName(caller, path);
  const { id, version } = secret;
  const oldestRetained = await oldestRetainedVersion(secret);
  const select = { version: true, createdAt: true, purgedAt: true } as const;
  const first = await db.secretVersion.findFirst({
    where: { secretId: id, version: { gt: 0 } },
    orderBy: { version: "asc" },
    select,
  });
  const newest = await db.secretVersion.findMany({
    where: { secretId: id, version: { gt: 0 } },
    orderBy: { version: "desc" },
    take: longestHistory,
    select,
  });
  const rows = newest.reverse();
  const versions = rows.map((row) => {
    const { created_time, deletion_time, destroyed } = versionOf(
      row.version,
      row.createdAt,
      row.version < oldestRetained || row.purgedAt !== null,
    );
    return [String(row.version), { created_time, deletion_time, destroyed }];
  });
  return {
    data: {
      cas_required: false,
      created_time: first?.createdAt.toISOString(),
      current_version: version,
      custom_metadata: null,
      delete_version_after: "0s",
      max_versions: version - oldestRetained + 1,
      oldest_version: rows.at(0)?.version ?? version,
      updated_time: rows.at(-1)?.createdAt.toISOString(),
      versions: Object.fromEntries(versions),
    },
  };
}

/** `{mount}/config`: how many versions of a secret the fabric keeps. */
export async function readEngine({ scope }: VaultCaller): Promise<VaultAnswer> {
  const former = await formerVersions(scope.fabricId);
  return { data: { cas_required: false, delete_version_after: "0s", max_versions: former + 1 } };
}

/**
 * LIST of `{mount}/metadata`: the names of the secrets that the token may read. Names have no folders: LIST of
 * one returns the rest of the names that begin with it and a dot, as `data/{folder}/{rest}` reads them.
 */
export async function listNames(caller: VaultCaller, folder: string): Promise<VaultAnswer> {
  const prefix = folder === "" ? "" : `${folder.toLowerCase()}.`;
  if (!isPostgresText(prefix)) throw new VaultRefusal(404, []);
  const { fabricId, only, actor } = caller.scope;
  const load = async (after: string) => {
    const find = () => findNames(fabricId, after, prefix, only?.secretIds ?? null, namesAtOnce);
    const rows = await inListSlot(actor.id, find, { isLater: after !== "" });
    const next = rows.length < namesAtOnce ? null : (rows.at(-1)?.nameKey ?? null);
    return { items: rows.map(({ name }) => name.slice(prefix.length)), next };
  };
  const { items, next } = await recordIfRefused(caller, () => load(""));
  if (items.length === 0) throw new VaultRefusal(404, []);
  return {
    data: { keys: items },
    ...(next !== null && { laterKeys: { pages: laterPages(next, load), caller } }),
  };
}

/** Names that automate reads at once for a list. More would stop the reads of other tokens for longer. */
const namesAtOnce = 500;

/** One page of a fabric's names. Names that no secret has now are not among them, so each one is its own cursor. */
const findNames = preparedQuery<{ name: string; nameKey: string }>(
  `SELECT name, "nameKey" FROM secret
   WHERE "fabricId" = $1 AND "deletedAt" IS NULL AND "nameKey" > $2 AND starts_with("nameKey", $3)
     AND ($4::text[] IS NULL OR id = ANY($4::text[]))
   ORDER BY "nameKey" LIMIT $5`,
);

/** The names under which MariaDB requests its encryption keys: their ids. It reads the member `data`. */
const keyId = /^\d{1,10}$/;

function fieldsOf(
  { subKind, metadata, requestedName }: UsableSecret,
  opened: Opened,
): Record<string, string> {
  const value = answerValue(subKind, opened);
  if (typeof value !== "string") return value;
  if (keyId.test(requestedName)) return { value, data: value };
  return metadata.fileName ? { value, fileName: metadata.fileName } : { value };
}

function versionOf(version: number, createdAt: Date, destroyed: boolean) {
  return {
    created_time: createdAt.toISOString(),
    custom_metadata: null,
    deletion_time: "",
    destroyed,
    version,
  };
}
