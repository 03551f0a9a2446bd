import "server-only";
import { db } from "@/lib/db/client";

/** Whether a person can prove with a password who they are. */
export async function hasPassword(userId: string): Promise<boolean> {
  return (await db.user.count({ where: { id: userId, passwordHash: { not: null } } })) > 0;
}

/** Whether somebody has this e-mail address, and a password. */
export async function findAccount(emailKey: string): Promise<{ hasPassword: boolean } | null> {
  const user = await db.user.findUnique({ where: { emailKey }, select: { passwordHash: true } });
  return user && { hasPassword: user.passwordHash !== null };
}
