import type { UsableSecret } from "@/automate/current-secret";
import type { FabricKeys } from "@/automate/fabric-keys";
import { findSecretsByName } from "@/automate/named-secret";
import { type Opened, openSecrets } from "@/automate/open-secret";
import { Refusal } from "@/automate/refusal";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db";
import { secretName } from "@/lib/secrets/schema";

/**
 * A secret that the scope may use, at its current version and sealed, by its name, present or former and whatever its case.
 * Throws `Refusal` 404 when there is none for this scope, once that is recorded; `source` is the caller's address.
 */
export async function getSecretByName(
  scope: Scope<"secret:use">,
  name: string,
  source: string,
): Promise<UsableSecret> {
  const [secret] = secretName.safeParse(name).success ? await findSecretsByName(scope, [name]) : [];
  if (secret) return secret;
  await refuse(scope, name, source);
  throw new Refusal(404, "not_found", "There is no secret of this name in the token's fabric.");
}

/** Opens every field of a secret for a pipeline, its use committed to the audit log first. */
export async function useSecret(
  keys: FabricKeys,
  scope: Scope<"secret:use">,
  secret: UsableSecret,
  source: string,
): Promise<Opened> {
  const opening = { secret, fields: Object.keys(secret.manifest), destinations: [] };
  const [opened = {}] = await openSecrets(keys, { for: "pipeline", scope, source }, [opening]);
  await noteUse(scope.actor.id);
  return opened;
}

/** Text and Binary have one field, `value`; the others an object of their fields, by their API names. */
export function answerValue(subKind: string, opened: Opened): { value: unknown; encoding?: "base64" } {
  if (subKind === "binary") {
    return { value: Buffer.from(opened.value?.revealBytes() ?? []).toString("base64"), encoding: "base64" };
  }
  const texts = Object.fromEntries(
    Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
  );
  return { value: subKind === "text" ? texts.value : texts };
}

const noted = new Map<string, number>();
const noteEveryMs = 60_000;

/** To the minute, so that a busy token does not queue on its own row. */
async function noteUse(tokenId: string): Promise<void> {
  const now = Date.now();
  if (now - (noted.get(tokenId) ?? 0) < noteEveryMs) return;
  if (noted.size > 10_000) noted.clear();
  noted.set(tokenId, now);
  await db.pipelineToken.updateMany({
    where: {
      id: tokenId,
      OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: new Date(now - noteEveryMs) } }],
    },
    data: { lastUsedAt: new Date(now) },
  });
}

async function refuse(scope: Scope<"secret:use">, name: string, source: string): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  await record(db, {
    actor,
    teamId,
    fabricId,
    action: "secret.refuse",
    // What is no name may be a value that slipped into the path.
    object: { kind: "secret", id: "", name: secretName.safeParse(name).success ? name : "" },
    details: { code: "not_found", source },
  });
}
