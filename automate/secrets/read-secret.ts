import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { aggregate, recordOrAggregate } from "@/automate/secrets/aggregated-events";
import { recordableNames } from "@/automate/secrets/asked-name";
import type { UsableSecret } from "@/automate/secrets/current-secret";
import { findSecretsByName } from "@/automate/secrets/find-secret";
import { type Opened, openSecrets } from "@/automate/secrets/open-secret";
import type { Purpose, Via } from "@/automate/secrets/purpose";
import { findVersion } from "@/automate/secrets/secret-version";
import { noteUse } from "@/automate/secrets/token-use";
import type { Scope } from "@/lib/access/scope";
import { recordBatched } from "@/lib/audit/batched-writer";
import type { AuditEntry } from "@/lib/audit/record";
import { isSecretName } from "@/lib/secrets/schema";

/** Whoever asks with a pipeline's rights, and from which address. */
export type Caller = { scope: Scope<"secret:use">; source: string };

/**
 * The secret of this name that the caller may use, at its current version and sealed: by a name present or former and whatever
 * its case. Throws `Refusal` 404 when it is not there for this caller, once that is recorded.
 */
export async function getSecretByName(caller: Caller, name: string): Promise<UsableSecret> {
  const [secret] = (await findOrRefuse(caller, [name])).found;
  if (!secret) throw notFound();
  return secret;
}

/**
 * `getSecretByName` for many, in the order of the names: all of them, or a `Refusal` whose `errors` say which are not there.
 */
export async function getSecretsByName(caller: Caller, names: readonly string[]): Promise<UsableSecret[]> {
  const { found, missing } = await findOrRefuse(caller, names);
  if (missing.length > 0) throw notFound(missing.map((one) => ({ ...one, code: "not_found" })));
  return found;
}

async function findOrRefuse(caller: Caller, names: readonly string[]) {
  const wellFormed = names.filter(isSecretName);
  const secrets = await findSecretsByName(caller.scope, wellFormed);
  const byName = new Map(wellFormed.map((name, i) => [name, secrets[i] ?? null]));
  const found = names.flatMap((name) => byName.get(name) ?? []);
  if (found.length === names.length) return { found, missing: [] };
  // What is no name may be a value that slipped in: it is not said back.
  const missing = names.flatMap((name, index) =>
    byName.get(name) ? [] : [{ index, name: byName.has(name) ? name : "" }],
  );
  await recordMissing(
    caller,
    missing.map(({ index }) => names[index] ?? ""),
  );
  return { found, missing };
}

/** Records names that are not there for this caller; whoever goes on asking for them is counted. */
async function recordMissing(caller: Caller, names: readonly string[]): Promise<void> {
  const { actor, fabricId } = caller.scope;
  const recordable = await recordableNames("secret", fabricId, names);
  await Promise.all(
    recordable.map(({ name, length }) => {
      const { details, ...event } = refusalOf(caller, name);
      const key = JSON.stringify(["secret.refuse", actor.id, actor.name, caller.source, name, length]);
      return recordOrAggregate(key, { ...event, details: { ...details, ...(name ? {} : { length }) } });
    }),
  );
}

/** The secret at a version: its present one, or a former one that its fabric keeps. Throws `Refusal` 404 for any other, once that is recorded. */
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
    "This version does not open: it is not there, or its fabric keeps fewer.",
  );
}

/** Records that a version does not open, or is not there. */
export async function recordRefusedVersion(
  caller: Caller,
  { id, name }: UsableSecret,
  version: number,
): Promise<void> {
  const { details, ...event } = refusalOf(caller, name);
  await recordBatched({
    ...event,
    object: { kind: "secret", id, name },
    details: { ...details, code: "no_version", version },
  });
}

function notFound(errors?: Refusal["more"]["errors"]): Refusal {
  const message = "There is no secret of this name in the token's fabric.";
  return new Refusal(404, "not_found", message, errors ? { errors } : {});
}

/** Opens every field of these secrets for a pipeline, the uses committed to the audit log first, all in one commit. */
export function openForUse(
  keys: FabricKeys,
  { scope, source }: Caller,
  secrets: readonly UsableSecret[],
): Promise<Opened[]> {
  const openings = secrets.map((secret) => ({ secret, fields: Object.keys(secret.manifest) }));
  return openForPipeline(keys, { for: "pipeline", scope, source, openings });
}

/** Opens for a pipeline, and notes that its token is in use. */
export async function openForPipeline(
  keys: FabricKeys,
  purpose: Exclude<Purpose, { for: "check" }>,
): Promise<Opened[]> {
  const opened = await openSecrets(keys, purpose);
  await noteUse(purpose.scope.actor.id);
  return opened;
}

/** Counts that a pipeline was told that what it has of these secrets is still current: nothing is opened for that. */
export async function noteUnchanged(
  { scope, source }: Caller,
  secrets: readonly UsableSecret[],
  via?: Via,
): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  for (const { id, name, askedAs, version } of secrets) {
    // One trust of an issuer has many workloads, and one token many addresses.
    aggregate(JSON.stringify(["unchanged", actor.id, actor.name, source, via?.id, id, version]), {
      actor,
      teamId,
      fabricId,
      action: "secret.unchanged",
      object: { kind: "secret", id, name },
      details: { version, name: askedAs, source, ...(via ? { connection: via.name } : {}) },
    });
  }
  await noteUse(actor.id);
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
