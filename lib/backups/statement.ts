import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK, type JWK } from "jose";
import type * as z from "zod";
import { backupStatement, drillReceipt } from "@/lib/backups/schema";

// Compact JWS, EdDSA, by automate's signing key. The type keeps a statement of one sort from passing as another.
const statements = {
  "selvage-backup": backupStatement,
  "selvage-drill": drillReceipt,
} as const;
export type StatementType = keyof typeof statements;
type Statement<T extends StatementType> = z.infer<(typeof statements)[T]>;

/** None of the expected keys signed this, or it is not a statement of this sort. The message says which. */
export class NotSigned extends Error {
  override name = "NotSigned";
}

/** Signs a statement with automate's private key. */
export async function signStatement<T extends StatementType>(
  type: T,
  statement: Statement<T>,
  signingKey: JWK,
): Promise<string> {
  const { kty = "", crv = "", x = "" } = signingKey;
  return new CompactSign(new TextEncoder().encode(JSON.stringify(statement)))
    .setProtectedHeader({ alg: "EdDSA", typ: type, kid: await calculateJwkThumbprint({ kty, crv, x }) })
    .sign(await importJWK(signingKey, "EdDSA"));
}

/** Returns a statement that one of these public keys signed. Throws `NotSigned`. Needs no network. */
export async function verifyStatement<T extends StatementType>(
  type: T,
  jws: string,
  publicKeys: readonly JWK[],
): Promise<Statement<T>> {
  for (const key of publicKeys) {
    const verified = await compactVerify(jws.trim(), await importJWK(key, "EdDSA"), {
      algorithms: ["EdDSA"],
    }).catch(() => undefined);
    if (!verified) continue;
    if (verified.protectedHeader.typ !== type) throw new NotSigned("It is signed as something else.");
    // This type's own schema parses the statement.
    return statements[type].parse(JSON.parse(new TextDecoder().decode(verified.payload))) as Statement<T>;
  }
  throw new NotSigned("No accepted key signed it, or it was changed.");
}

/** The thumbprint of the key that signed, as the signature itself names it. */
export function signerOf(signature: string): string {
  try {
    const header = JSON.parse(Buffer.from(signature.split(".")[0] ?? "", "base64url").toString("utf8"));
    return typeof header.kid === "string" ? header.kid : "unknown";
  } catch {
    return "unknown";
  }
}
