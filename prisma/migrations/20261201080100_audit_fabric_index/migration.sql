-- Each index for lists has its own order of ids, by bytes: ids are UUIDv7, so this is their order in time, too. The planner
-- then cannot take the primary key for the order, and read through events of others to find few of its own.
-- The indexes come before the partitions: each is created without a pause for anybody.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_fabric_idx";
CREATE INDEX CONCURRENTLY "audit_event_fabric_idx" ON "audit_event" ("fabricId", id COLLATE "C");
