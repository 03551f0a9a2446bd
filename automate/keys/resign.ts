import { createPublicKey } from "node:crypto";
import type { JWK } from "jose";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { signFabricKey } from "@/automate/keys/sign-fabric-key";
import type { WrappedPrivateKey } from "@/automate/keys/wrap-private-key";
import { operatorActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { verifyFabricKey } from "@/lib/crypto/fabric-key";
import { db } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";

const batchSize = 100;

/** The number of fabric keys that were signed anew, and those that were refused, with the reason. */
export type Resigned = { resigned: number; refused: { fabricId: string; kid: string; reason: string }[] };

type Row = WrappedPrivateKey & { kid: string; fabricId: string; publicJwk: string; signature: string };

/**
 * Signs each fabric key that another signing key signed, after a signing key was replaced or lost. Before that
 * it unwraps the private half and compares the public half with it: somebody may have put a key of their own
 * into the database. Safe to repeat, and in several copies of automate.
 */
export async function resignFabricKeys(keys: FabricKeys, signingKey: JWK): Promise<Resigned> {
  const { kty = "", crv = "", x = "" } = signingKey;
  const answer: Resigned = { resigned: 0, refused: [] };
  for (let after = ""; ; ) {
    const rows = await db.fabricKey.findMany({
      where: { kid: { gt: after } },
      orderBy: { kid: "asc" },
      take: batchSize,
      select: {
        kid: true,
        fabricId: true,
        publicJwk: true,
        signature: true,
        masterKeyId: true,
        wrappedPrivate: true,
        wrappedKey: true,
      },
    });
    for (const row of rows) {
      const isSigned = await verifyFabricKey(row, [{ kty, crv, x }]).then(
        () => true,
        () => false,
      );
      if (isSigned) continue;
      const reason = await reasonAgainst(keys, row);
      if (reason === undefined) {
        await storeSignature(row, signingKey);
        answer.resigned += 1;
      } else answer.refused.push({ fabricId: row.fabricId, kid: row.kid, reason });
    }
    const last = rows.at(-1);
    if (!last || rows.length < batchSize) return answer;
    after = last.kid;
  }
}

/** Why a fabric key is not signed anew, or undefined. Judges only this row, because somebody may change it meanwhile. */
async function reasonAgainst(keys: FabricKeys, row: Row): Promise<string | undefined> {
  // Whoever runs a team's key service can wrap a pair of their own for any fabric.
  const { team } = keys.keyring.find(row.masterKeyId) ?? {};
  if (team !== undefined && (await teamOf(row.fabricId)) !== team)
    return "Its master key belongs to another team.";
  const opening = await keys.unwrapRestored(row).catch((error: Error) => error);
  if (opening instanceof KeyServiceFault) return opening.message;
  if (opening instanceof Error) return "Its private half cannot be unwrapped with the present master keys.";
  const { x } = createPublicKey(opening.key).export({ format: "jwk" });
  const stored: JWK = JSON.parse(row.publicJwk);
  const isSame = stored.kty === "OKP" && stored.crv === "X25519" && stored.x === x;
  return isSame ? undefined : "Its public half does not belong to its private half: somebody replaced it.";
}

async function teamOf(fabricId: string): Promise<string | undefined> {
  const fabric = await db.fabric.findUnique({ where: { id: fabricId }, select: { teamId: true } });
  return fabric?.teamId;
}

async function storeSignature(row: Row, signingKey: JWK): Promise<void> {
  const { kid, fabricId } = row;
  const signature = await signFabricKey({ fabricId, kid, publicJwk: JSON.parse(row.publicJwk) }, signingKey);
  await db.$transaction(async (tx) => {
    // Only the statement that was judged: the row may have changed since it was read.
    const { count } = await tx.fabricKey.updateMany({
      where: { kid, fabricId, publicJwk: row.publicJwk },
      data: { signature },
    });
    if (count === 0) return;
    const fabric = await tx.fabric.findUnique({
      where: { id: fabricId },
      select: { name: true, teamId: true },
    });
    await record(tx, {
      actor: operatorActor,
      teamId: fabric?.teamId ?? null,
      fabricId,
      action: "fabric.key.sign",
      object: { kind: "fabric", id: fabricId, name: fabric?.name ?? "" },
      details: { kid },
    });
  });
}
