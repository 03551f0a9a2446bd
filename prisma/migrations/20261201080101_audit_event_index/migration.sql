-- How the audit log is searched: by a digest of what is looked for, then by time. A digest needs a third of the
-- space of its columns.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_event_idx";
CREATE INDEX CONCURRENTLY "audit_event_event_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || action, 0)), id COLLATE "C");
