import "server-only";
import { db } from "@/lib/db/client";
import { sessionMaxAgeMs } from "@/lib/sessions/queries";

const dayMs = 86_400_000;
/** How long a session stays after its longest life, in days. */
const endedSessionDays = 30;
/** How long access tokens and invitations stay after they ended, in days. */
const endedAccessDays = 90;

/** Deletes sessions, access tokens and invitations that ended long ago. Their events stay in the audit log. */
export async function purgeEndedAccess(): Promise<void> {
  const createdBefore = new Date(Date.now() - sessionMaxAgeMs - endedSessionDays * dayMs);
  await db.session.deleteMany({ where: { createdAt: { lt: createdBefore } } });
  const ended = new Date(Date.now() - endedAccessDays * dayMs);
  await db.invitation.deleteMany({
    where: { OR: [{ usedAt: { lt: ended } }, { expiresAt: { lt: ended } }] },
  });
  // A token of an earlier access epoch ended with its owner's access, which its row does not say when.
  await db.$executeRaw`
    DELETE FROM access_token t USING app_user u
    WHERE u.id = t."userId" AND (t."revokedAt" < ${ended} OR t."expiresAt" < ${ended}
      OR (u."accessEpoch" <> t."accessEpoch" AND t."createdAt" < ${ended} AND coalesce(t."lastUsedAt", t."createdAt") < ${ended}))`;
}
