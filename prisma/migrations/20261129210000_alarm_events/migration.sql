-- Alarms are rare among the events of a fabric, and looked for on each of its pages.
CREATE INDEX "audit_event_alarm_idx" ON "audit_event" ("fabricId", id DESC)
  WHERE action IN ('secret.alarm', 'secret.alarm.acknowledge');
