import "server-only";
import { v7 as uuidv7 } from "uuid";
import { systemActor } from "@/lib/access/system-actor";
import { areEvents, isWithin } from "@/lib/audit/find-events";
import { Prisma } from "@/lib/db/client";

const weekMs = 7 * 24 * 3600_000;

/**
 * SQL that is true when connection `c` was in use within the last week. All other connections are Inactive
 * and get no scheduled checks. In use means one of:
 * - A person edited or checked the connection.
 * - One of its secrets got a new value, or a candidate.
 * - A pipeline received one of its secrets.
 */
export function isInUse(): Prisma.Sql {
  const weekAgo = Date.now() - weekMs;
  // Finds events by id: an id begins with the event's time.
  const oldestEvent = uuidv7({ msecs: weekAgo, seq: 0, random: new Uint8Array(16) });
  const since = new Date(weekAgo);
  const [fabric, secret] = [Prisma.raw('c."fabricId"'), Prisma.raw('s."secretId"')];
  const uses = areEvents("object", fabric, [secret], ["secret.use", "secret.unchanged"], "e");
  return Prisma.sql`(
    c."updatedAt" > ${since}
    OR EXISTS (
      SELECT 1 FROM connection_secret s JOIN secret_version v ON v."secretId" = s."secretId"
      WHERE s."connectionId" = c.id AND v."createdAt" > ${since})
    OR EXISTS (
      SELECT 1 FROM connection_check k
      WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
        AND k."checkedAt" > ${since} AND k."actorId" <> ${systemActor.id})
    OR EXISTS (
      SELECT 1 FROM connection_secret s JOIN audit_event e ON ${uses}
      WHERE s."connectionId" = c.id${isWithin("e", { after: oldestEvent })} AND e."actorKind" = 'pipeline'))`;
}
