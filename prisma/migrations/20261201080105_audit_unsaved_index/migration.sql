-- Checks of connections, and requests for names that do not exist: they name their object, and have no id of it.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_unsaved_idx";
CREATE INDEX CONCURRENTLY "audit_event_unsaved_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "objectName" || ' ' || action, 0)), id COLLATE "C")
  WHERE "objectId" = '';
