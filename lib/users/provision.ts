import "server-only";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, isUniqueViolation } from "@/lib/db";
import { fail, ok, type Result } from "@/lib/result";
import { hashPassword } from "@/lib/users/password";
import { emailKey } from "@/lib/users/schema";

/** Who acts where nobody is signed in: an operator at the command line, or the demo's seed. */
export type System = { kind: "system"; id: string; name: string };
export const commandLine: System = { kind: "system", id: "admin", name: "Command line" };

/** Makes a person with a password. */
export async function createUser(
  system: System,
  { email, name, password }: { email: string; name: string; password: string },
): Promise<Result<{ id: string }, "email_taken">> {
  const passwordHash = await hashPassword(password);
  try {
    return await db.$transaction(async (tx) => {
      const { id } = await tx.user.create({
        data: { email, emailKey: emailKey(email), name, passwordHash },
        select: { id: true },
      });
      await record(tx, entry(system, "user.create", { id, name }));
      return ok({ id });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("email_taken");
    throw error;
  }
}

/** Sets a person's password and ends their sessions: whoever knew the old one is out. */
export async function resetPassword(
  system: System,
  { email, password }: { email: string; password: string },
): Promise<Result<null, "no_user">> {
  const passwordHash = await hashPassword(password);
  return changeUser(system, email, "user.password", { passwordHash });
}

/** Locks a person out at their next request. */
export async function lockUser(
  system: System,
  { email }: { email: string },
): Promise<Result<null, "no_user">> {
  return changeUser(system, email, "user.lock", { lockedAt: new Date() });
}

/** Lets a locked person sign in again. */
export async function unlockUser(
  system: System,
  { email }: { email: string },
): Promise<Result<null, "no_user">> {
  return changeUser(system, email, "user.unlock", { lockedAt: null });
}

async function changeUser(
  system: System,
  email: string,
  action: AuditEntry["action"],
  data: { passwordHash: string } | { lockedAt: Date | null },
): Promise<Result<null, "no_user">> {
  return db.$transaction(async (tx) => {
    const where = { emailKey: emailKey(email) };
    const user = await tx.user.findUnique({ where, select: { id: true, name: true } });
    if (!user) return fail("no_user");
    await tx.user.update({ where, data, select: { id: true } });
    await tx.session.updateMany({
      where: { userId: user.id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    await record(tx, entry(system, action, user));
    return ok(null);
  });
}

function entry(
  actor: System,
  action: AuditEntry["action"],
  { id, name }: { id: string; name: string },
): AuditEntry {
  return { actor, teamId: null, fabricId: null, action, object: { kind: "user", id, name } };
}
