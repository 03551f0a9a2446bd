-- Alarms are rare among the events of a fabric, and looked for on each of its pages. The log may be large, and pipelines write to it.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_alarm_idx";
CREATE INDEX CONCURRENTLY "audit_event_alarm_idx" ON "audit_event" ("fabricId", "objectId", id DESC)
  WHERE action IN ('secret.alarm', 'secret.alarm.acknowledge');
