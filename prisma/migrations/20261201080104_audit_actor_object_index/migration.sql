DROP INDEX CONCURRENTLY IF EXISTS "audit_event_actor_object_idx";
CREATE INDEX CONCURRENTLY "audit_event_actor_object_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "objectId" || ' ' || "actorId" || ' ' || action, 0)), id COLLATE "C");
