import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { aggregate, recordRefusal } from "@/automate/secrets/aggregated-events";
import { findSecretsByName } from "@/automate/secrets/find-secret";
import { findTrashedSecrets, inTrash, type Trashed } from "@/automate/secrets/find-trashed";
import { type Opened, openSecrets } from "@/automate/secrets/open-secret";
import type { Via } from "@/automate/secrets/purpose";
import { noteRead } from "@/automate/secrets/readers";
import { recordableNames } from "@/automate/secrets/requested-name";
import { findVersion } from "@/automate/secrets/secret-version";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import type { AuditEntry } from "@/lib/audit/record";
import { isSecretName } from "@/lib/secrets/schema";

/** A pipeline or workload, and its source address. */
export type Caller = { scope: Scope<"secret:use">; source: string };

/**
 * Returns the secret of this current or former name, in any case, sealed and at its current version. Throws
 * `Refusal` 404, after recording it, when it is missing, in the trash, or this caller may not use it.
 */
export async function getSecretByName(caller: Caller, name: string): Promise<UsableSecret> {
  const { found, missing } = await findOrRecordMissing(caller, [name]);
  const [secret] = found;
  if (secret) return secret;
  const [trashed] = missing.flatMap((one) => one.trashed ?? []);
  throw trashed ? inTrash("Secret", trashed) : notFound();
}

/**
 * `getSecretByName` for several names, in their order. Throws one `Refusal` whose `errors` list the missing
 * ones.
 */
export async function getSecretsByName(caller: Caller, names: readonly string[]): Promise<UsableSecret[]> {
  const { found, missing } = await findOrRecordMissing(caller, names);
  if (missing.length === 0) return found;
  const errors = missing.map(({ index, name, trashed }) => ({
    ...{ index, name },
    code: trashed ? "in_trash" : "not_found",
  }));
  throw notFound(errors);
}

async function findOrRecordMissing(caller: Caller, names: readonly string[]) {
  const wellFormed = names.filter(isSecretName);
  const secrets = await findSecretsByName(caller.scope, wellFormed);
  const byName = new Map(wellFormed.map((name, i) => [name, secrets[i] ?? null]));
  const found = names.flatMap((name) => byName.get(name) ?? []);
  if (found.length === names.length) return { found, missing: [] };
  // An invalid name may be a secret value sent by mistake. The answer does not repeat it.
  const trash = await findTrashedSecrets(
    caller.scope,
    wellFormed.filter((name) => !byName.get(name)),
  );
  const missing = names.flatMap((name, index) =>
    byName.get(name)
      ? []
      : [{ index, name: byName.has(name) ? name : "", trashed: trash.get(name.toLowerCase()) }],
  );
  await recordMissing(
    caller,
    missing.flatMap(({ index, trashed }) => (trashed ? [] : (names[index] ?? ""))),
  );
  await Promise.all([...trash.values()].map((trashed) => recordTrashed(caller, trashed)));
  return { found, missing };
}

/** Records that a secret in the trash was requested: the first of a minute at once, repeated ones as a count. */
async function recordTrashed(caller: Caller, { id, name }: Trashed): Promise<void> {
  const { details, ...event } = refusalOf(caller, name);
  const { actor } = caller.scope;
  await recordRefusal(JSON.stringify(["in_trash", actor.id, actor.name, caller.source, id, name]), {
    ...event,
    object: { kind: "secret", id, name },
    details: { ...details, code: "in_trash" },
  });
}

/** Records missing names: the first of a minute at once, repeated ones as a count. */
async function recordMissing(caller: Caller, names: readonly string[]): Promise<void> {
  const { actor, fabricId } = caller.scope;
  const recordable = await recordableNames("secret", fabricId, names);
  await Promise.all(
    recordable.map(({ name, length }) => {
      const { details, ...event } = refusalOf(caller, name);
      const key = JSON.stringify(["secret.refuse", actor.id, actor.name, caller.source, name, length]);
      return recordRefusal(key, { ...event, details: { ...details, ...(name ? {} : { length }) } });
    }),
  );
}

/**
 * Returns the secret at its current version or a former one that its fabric keeps. Throws `Refusal` 404,
 * after recording it, for any other.
 */
export async function getVersion(
  caller: Caller,
  secret: UsableSecret,
  version: number,
): Promise<UsableSecret> {
  const found = await findVersion(secret, version);
  if (found) return found;
  await recordRefusedVersion(caller, secret, version);
  throw new Refusal(
    404,
    "not_found",
    "Version not found: it does not exist, or its fabric no longer keeps it.",
  );
}

/** Records that a version is missing or no longer kept: the first of a minute at once, repeated ones as a count. */
export async function recordRefusedVersion(
  caller: Caller,
  { id, name }: UsableSecret,
  version: number,
): Promise<void> {
  const { details, ...event } = refusalOf(caller, name);
  const { actor } = caller.scope;
  await recordRefusal(JSON.stringify(["no_version", actor.id, actor.name, caller.source, id, version]), {
    ...event,
    object: { kind: "secret", id, name },
    details: { ...details, code: "no_version", version },
  });
}

function notFound(errors?: Refusal["details"]["errors"]): Refusal {
  const message = "Secret not found, or the token may not read it.";
  return new Refusal(404, "not_found", message, errors ? { errors } : {});
}

/** Opens every field of these secrets for a pipeline, after all uses are committed to the audit log. */
export function openForUse(
  keys: FabricKeys,
  { scope, source }: Caller,
  secrets: readonly UsableSecret[],
): Promise<Opened[]> {
  const openings = secrets.map((secret) => ({ secret, fields: Object.keys(secret.manifest) }));
  return openSecrets(keys, { for: "pipeline", scope, source, openings });
}

/** Counts the answers that a pipeline's copy of these secrets is still current. Nothing is opened for them. */
export async function countUnchanged(
  { scope, source }: Caller,
  secrets: readonly UsableSecret[],
  via?: Via,
): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  for (const secret of secrets) {
    const { id, name, requestedName, version } = secret;
    noteRead(scope, secret, via);
    // Many workloads share one trust of an issuer, and one token may have many addresses.
    aggregate(JSON.stringify(["unchanged", actor.id, actor.name, source, via?.id, id, version]), {
      actor,
      teamId,
      fabricId,
      action: "secret.unchanged",
      object: { kind: "secret", id, name },
      details: { version, name: requestedName, source, ...(via ? { connection: via.name } : {}) },
    });
  }
}

function refusalOf({ scope: { actor, teamId, fabricId }, source }: Caller, name: string): AuditEntry {
  return {
    actor,
    teamId,
    fabricId,
    action: "secret.refuse",
    object: { kind: "secret", id: "", name },
    details: { code: "not_found", source },
  };
}
