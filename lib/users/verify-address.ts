import "server-only";
import type { Tx } from "@/lib/db/client";
import { emailKey } from "@/lib/users/schema";

/** Notes that a person reads the mail of their present address, and how that was proven. */
export async function verifyAddress(
  tx: Tx,
  { id, email }: { id: string; email: string },
  method: "identity" | "operator" | "code",
): Promise<void> {
  const proof = { emailKey: emailKey(email), method, verifiedAt: new Date() };
  await tx.verifiedAddress.upsert({
    where: { userId: id },
    create: { userId: id, ...proof },
    update: proof,
    select: { userId: true },
  });
}
