import "server-only";
import { db } from "@/lib/db/client";

/** Whether the person has a password to prove their identity with. */
export async function hasPassword(userId: string): Promise<boolean> {
  return (await db.user.count({ where: { id: userId, passwordHash: { not: null } } })) > 0;
}

/** Finds the account with this e-mail key: whether it has a password, or null. */
export async function findAccount(emailKey: string): Promise<{ hasPassword: boolean } | null> {
  const user = await db.user.findUnique({ where: { emailKey }, select: { passwordHash: true } });
  return user && { hasPassword: user.passwordHash !== null };
}
