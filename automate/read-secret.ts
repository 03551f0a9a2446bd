import type { UsableSecret } from "@/automate/current-secret";
import type { FabricKeys } from "@/automate/fabric-keys";
import { findSecretsByName } from "@/automate/named-secret";
import { type Opened, openSecrets } from "@/automate/open-secret";
import { Refusal } from "@/automate/refusal";
import { tally } from "@/automate/tally";
import { noteUse } from "@/automate/token-use";
import type { Scope } from "@/lib/access/scope";
import type { AuditEntry } from "@/lib/audit/record";
import { recordTogether } from "@/lib/audit/record-together";
import { isSecretName } from "@/lib/secrets/schema";

/** Whoever asks with a pipeline's rights, and from which address. */
export type Caller = { scope: Scope<"secret:use">; source: string };

/** A connection whose secrets are handed out with it. */
export type Via = { id: string; name: string };

/**
 * The secrets of these names that the caller may use, at their current versions and sealed: by names present or former and
 * whatever their case, in the order of the names. Throws `Refusal` 404 when any is not there for this caller, once each
 * refusal is recorded; its `errors` say which.
 */
export async function getSecretsByName(
  { scope, source }: Caller,
  names: readonly string[],
): Promise<UsableSecret[]> {
  const wellFormed = names.filter(isSecretName);
  const found = await findSecretsByName(scope, wellFormed);
  const byName = new Map(wellFormed.map((name, i) => [name, found[i] ?? null]));
  const secrets = names.flatMap((name) => byName.get(name) ?? []);
  if (secrets.length === names.length) return secrets;
  const missing = names.flatMap((name, index) => (byName.get(name) ? [] : [{ index, name }]));
  // What is no name may be a value that slipped in: it is neither recorded nor said back.
  const shown = (name: string) => (byName.has(name) ? name : "");
  await recordTogether(...missing.map(({ name }) => refusalOf({ scope, source }, shown(name))));
  throw new Refusal(404, "not_found", "There is no secret of this name in the token's fabric.", {
    errors: missing.map(({ index, name }) => ({ index, name: shown(name), code: "not_found" })),
  });
}

/** Opens every field of these secrets for a pipeline, the uses committed to the audit log first, all in one commit. */
export async function openForUse(
  keys: FabricKeys,
  { scope, source }: Caller,
  secrets: readonly UsableSecret[],
  via?: Via,
): Promise<Opened[]> {
  const openings = secrets.map((secret) => ({
    secret,
    fields: Object.keys(secret.manifest),
    destinations: [],
  }));
  const purpose = { for: "pipeline" as const, scope, source, ...(via ? { via } : {}) };
  const opened = await openSecrets(keys, purpose, openings);
  await noteUse(scope.actor.id);
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
    tally(`unchanged ${actor.id} ${via?.id ?? ""} ${id} ${version}`, {
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
