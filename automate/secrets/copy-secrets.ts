import { v7 as uuidv7 } from "uuid";
import { actFor } from "@/automate/http/act-for";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { raiseAlarm } from "@/automate/secrets/alarm";
import { recordUses } from "@/automate/secrets/record-uses";
import { type CopiedField, resealForCopies } from "@/automate/secrets/reseal";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { requireStillThere } from "@/lib/access/still-there";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { SealContext } from "@/lib/crypto/context";
import type { VerifiedFabricKey } from "@/lib/crypto/fabric-key";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import type { CopyProblem } from "@/lib/internal-api/bodies/copied-secrets";
import { freeTrashedName } from "@/lib/secrets/names";

type Copier = Scope<"secret:copy">;
type Place = { scope: Copier; name: string };
type Wanted = { secretId: string; name: string };

/** A copy before it is stored: its fields are sealed for its own place. */
type PreparedCopy = {
  id: string;
  name: string;
  source: SecretWithAuthors;
  fields: { field: string; kid: string; sealed: string }[];
};

/** Why nothing was copied, and the name of the secret that prevents it. */
export class NotCopied extends Error {
  override name = "NotCopied";
  constructor(
    readonly problem: CopyProblem,
    readonly secretName: string,
  ) {
    super(`A secret was not copied: ${problem}.`);
  }
}

/**
 * Copies the current values of secrets into another fabric, all or none. The event of each copy is committed in the
 * fabric that it comes from before its value is opened.
 *
 * A copy has no author, so nobody may send it anywhere as its author, and its version is settled without a
 * destination. Web stores neither: a person who owns web could name themselves as the author.
 *
 * Throws `NotCopied`, and `KeyServiceFault`.
 */
export async function copySecrets(
  keys: FabricKeys,
  from: Place,
  to: Place,
  wanted: readonly Wanted[],
): Promise<{ secretId: string; copyId: string }[]> {
  const found: { source: SecretWithAuthors; name: string }[] = [];
  for (const { secretId, name } of wanted) {
    const source = await findSecretById(from.scope, secretId);
    if (!source) throw new NotCopied("not_found", name);
    found.push({ source, name });
  }
  // Nothing is recorded for an opening that cannot happen.
  await keys.requireUsable(from.scope.fabricId);
  const key = await keys.newestSealingKey(to.scope.fabricId);
  const prepared: PreparedCopy[] = [];
  for (const { source, name } of found) prepared.push(await prepareCopy(keys, from, to, key, source, name));
  try {
    await actFor(to.scope.actor, async (tx) => {
      for (const copy of prepared) await storeCopy(tx, from, to, copy);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new NotCopied("name_taken", await takenName(to.scope, prepared));
  }
  return prepared.map(({ id, source }) => ({ secretId: source.id, copyId: id }));
}

/**
 * Records the copy, then opens each field of the secret and seals it for the copy's place. Raises an alarm for a value
 * that does not open.
 */
async function prepareCopy(
  keys: FabricKeys,
  from: Place,
  to: Place,
  key: VerifiedFabricKey,
  source: SecretWithAuthors,
  name: string,
): Promise<PreparedCopy> {
  await requireStillThere(from.scope);
  await requireStillThere(to.scope);
  const id = uuidv7();
  const { subKind } = source;
  const positions = Object.entries(source.manifest).map(([field, version]) => ({
    secretId: source.id,
    field,
    version,
  }));
  const event = eventOf(from, "secret.copy", source, { to: to.name, version: source.version });
  const [stored = []] = await recordUses([{ event, positions, sizeBytes: source.metadata.sizeBytes ?? 0 }]);
  // Found before somebody deleted it.
  if (stored.some(({ isTrashed }) => isTrashed)) throw new NotCopied("not_found", name);
  const cannotOpen = async (at: { field: string; version: number }): Promise<never> => {
    await raiseAlarm({ scope: from.scope, secret: source, ...at });
    throw new NotCopied("cannot_open", source.name);
  };
  const fields: CopiedField[] = [];
  for (const { position, sealedField } of stored) {
    if (!sealedField) return cannotOpen(position);
    const { field } = position;
    const at: SealContext = { fabricId: from.scope.fabricId, subKind, ...position };
    const copy: SealContext = { fabricId: to.scope.fabricId, subKind, secretId: id, field, version: 1 };
    fields.push({ ...sealedField, from: at, to: copy });
  }
  const copies = await resealForCopies(keys, key, fields);
  const resealed: PreparedCopy["fields"] = [];
  for (const [at, { kid, sealed }] of copies.entries()) {
    const {
      from: place,
      to: { field },
    } = fields[at] as CopiedField;
    if (sealed === null) return cannotOpen(place);
    resealed.push({ field, kid, sealed });
  }
  return { id, name, source, fields: resealed };
}

async function storeCopy(
  tx: Tx,
  from: Place,
  to: Place,
  { id, name, source, fields }: PreparedCopy,
): Promise<void> {
  const { actor, fabricId } = to.scope;
  const { metadata } = source;
  const nameKey = name.toLowerCase();
  // With the date on which the value expires, and with the description.
  await tx.$executeRaw`
    INSERT INTO secret (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName",
      "expiresAt", "expirySource")
    SELECT ${id}, ${fabricId}, ${name}, ${nameKey}, "subKind", description, ${actor.id}, ${actor.name}, ${actor.id}, ${actor.name},
      "expiresAt", "expirySource"
    FROM secret WHERE id = ${source.id}`;
  await freeTrashedName(tx, to.scope, nameKey);
  await tx.$executeRaw`
    INSERT INTO secret_name ("fabricId", "nameKey", name, "secretId") VALUES (${fabricId}, ${nameKey}, ${name}, ${id})`;
  await tx.$executeRaw`INSERT INTO secret_use ("secretId", "fabricId") VALUES (${id}, ${fabricId})`;
  const manifest = JSON.stringify(Object.fromEntries(fields.map(({ field }) => [field, 1])));
  const kib = Math.max(
    1,
    fields.reduce((sum, { sealed }) => sum + Math.ceil(sealed.length / 1024), 0),
  );
  const noAuthor = { id: "", name: `${actor.name}, copied from ${from.name}` };
  await tx.$executeRaw`
    INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, keeps, "createdById", "createdByName", "storedKib")
    VALUES (${id}, 1, ${fabricId}, ${manifest}::jsonb, ${JSON.stringify(metadata)}::jsonb, '{}', ${noAuthor.id}, ${noAuthor.name}, ${kib})`;
  await tx.secretField.createMany({
    data: fields.map((field) => ({ secretId: id, version: 1, fabricId, ...field })),
  });
  await tx.settledVersion.createMany({ data: [{ secretId: id, version: 1, fabricId }] });
  await record(tx, eventOf(to, "secret.copied", { id, name }, { from: from.name, version: source.version }));
}

async function takenName({ fabricId }: Copier, prepared: readonly PreparedCopy[]): Promise<string> {
  const keys = prepared.map(({ name }) => name.toLowerCase());
  const taken = await db.secretName.findFirst({
    where: { fabricId, nameKey: { in: keys } },
    select: { name: true },
  });
  // Without one, two of the copies have the same name.
  return taken?.name ?? keys.find((key, at) => keys.indexOf(key) !== at) ?? "";
}

function eventOf(
  { scope: { actor, teamId, fabricId } }: Place,
  action: "secret.copy" | "secret.copied",
  { id, name }: { id: string; name: string },
  details: NonNullable<AuditEntry["details"]>,
): AuditEntry {
  return { actor, teamId, fabricId, action, object: { kind: "secret", id, name }, details };
}
