-- Events of people and teams, outside any fabric.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_account_idx";
CREATE INDEX CONCURRENTLY "audit_event_account_idx" ON "audit_event" ("objectId", id COLLATE "C")
  WHERE "fabricId" IS NULL;
