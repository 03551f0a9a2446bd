import type { JWK } from "jose";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { isSignedBy } from "@/automate/keys/sign-fabric-key";
import { faultOfKey, type StoredKey, storedKeys } from "@/automate/keys/stored-keys";
import { operatorActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import type { DrillKey, OpeningOutcome } from "@/lib/backups/schema";
import { db } from "@/lib/db/client";

/** How many bytes of stored values are read at once, but for one that is larger. */
const maxBatchBytes = 8 * 1024 * 1024;
/** Problems beyond this number are counted and not listed. */
const maxListed = 200;

/** Tries whether values open: `automate/secrets/try-to-open.ts`. */
type TryToOpen = (keys: FabricKeys, key: DrillKey) => Promise<OpeningOutcome[]>;

export type KeysVerified = {
  keys: number;
  /** The values that were tried, chosen at random. */
  values: number;
  /** How many keys and values have a problem. */
  failed: number;
  problems: { fabricId: string; kid: string; problem: string }[];
};

/**
 * Verifies every fabric key: it is as automate made it, and the present signing key signed it. Tries whether `sample`
 * random values under each key open. Changes nothing.
 */
export async function verifyKeys(
  { keys, tryToOpen, signingKey }: { keys: FabricKeys; tryToOpen: TryToOpen; signingKey: JWK },
  sample: number,
): Promise<KeysVerified> {
  await db.$transaction((tx) =>
    record(tx, {
      actor: operatorActor,
      teamId: null,
      fabricId: null,
      action: "master_key.verify",
      object: { kind: "key", id: "", name: "" },
      details: { values: sample },
    }),
  );
  const found: KeysVerified = { keys: 0, values: 0, failed: 0, problems: [] };
  const note = (row: StoredKey, problem: string) => {
    found.failed += 1;
    if (found.problems.length < maxListed)
      found.problems.push({ fabricId: row.fabricId, kid: row.kid, problem });
  };
  for await (const row of storedKeys()) {
    found.keys += 1;
    const problem = await problemOf(keys, row, signingKey);
    if (problem !== undefined) note(row, problem);
    for await (const fields of randomValues(row, sample)) {
      const outcomes = await tryToOpen(keys, { key: row, fields });
      found.values += outcomes.length;
      for (const [index, outcome] of outcomes.entries()) {
        const value = fields[index];
        if (outcome === "does_not_open" && value && problem === undefined)
          note(
            row,
            `The ${value.field} of secret ${value.secretId}, version ${value.version}, does not open.`,
          );
      }
    }
  }
  return found;
}

async function problemOf(keys: FabricKeys, row: StoredKey, signingKey: JWK): Promise<string | undefined> {
  const fault = await faultOfKey(keys, row);
  if (fault !== undefined) return fault;
  if (await isSignedBy(signingKey, row)) return undefined;
  return "Automate's present signing key did not sign it: run keys resign.";
}

/** Random values under a key, in batches that fit into memory. */
async function* randomValues({ kid }: StoredKey, sample: number): AsyncGenerator<DrillKey["fields"]> {
  const chosen = await db.$queryRaw<{ secretId: string; field: string; version: number; batch: number }[]>`
    SELECT "secretId", field, version, (sum(octet_length(sealed)) OVER (ORDER BY "secretId", field, version) / ${maxBatchBytes}::int)::int AS batch
    FROM (SELECT * FROM secret_field WHERE kid = ${kid} ORDER BY random() LIMIT ${sample}::int) random
    ORDER BY "secretId", field, version`;
  for (const batch of new Set(chosen.map((one) => one.batch))) {
    const now = chosen.filter((one) => one.batch === batch);
    yield await db.$queryRaw<DrillKey["fields"]>`
      SELECT f."secretId", s."subKind", f.field, f.version, f.sealed
      FROM unnest(${now.map(({ secretId }) => secretId)}::text[], ${now.map(({ field }) => field)}::text[],
        ${now.map(({ version }) => version)}::int[]) AS chosen("secretId", field, version)
      JOIN secret_field f USING ("secretId", field, version)
      JOIN secret s ON s.id = f."secretId"`;
  }
}
