DROP INDEX CONCURRENTLY IF EXISTS "audit_event_actor_idx";
CREATE INDEX CONCURRENTLY "audit_event_actor_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "actorId" || ' ' || action, 0)), id COLLATE "C");
