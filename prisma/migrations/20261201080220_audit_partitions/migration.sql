-- The table becomes the first partition of a new table with its name. No row moves.
LOCK TABLE "audit_event" IN ACCESS EXCLUSIVE MODE;
ALTER TABLE "audit_event" RENAME TO "audit_event_first";
ALTER INDEX "audit_event_pkey" RENAME TO "audit_event_first_pkey";
ALTER INDEX "audit_event_fabricId_id_idx" RENAME TO "audit_event_first_fabricId_id_idx";
ALTER INDEX "audit_event_fabricId_objectId_id_idx" RENAME TO "audit_event_first_fabricId_objectId_id_idx";
ALTER INDEX "audit_event_alarm_idx" RENAME TO "audit_event_first_alarm_idx";
ALTER INDEX "audit_event_fabric_idx" RENAME TO "audit_event_first_fabric_idx";
ALTER INDEX "audit_event_event_idx" RENAME TO "audit_event_first_event_idx";
ALTER INDEX "audit_event_actor_idx" RENAME TO "audit_event_first_actor_idx";
ALTER INDEX "audit_event_object_idx" RENAME TO "audit_event_first_object_idx";
ALTER INDEX "audit_event_actor_object_idx" RENAME TO "audit_event_first_actor_object_idx";
ALTER INDEX "audit_event_unsaved_idx" RENAME TO "audit_event_first_unsaved_idx";
ALTER INDEX "audit_event_account_idx" RENAME TO "audit_event_first_account_idx";
ALTER INDEX "audit_event_team_idx" RENAME TO "audit_event_first_team_idx";
ALTER INDEX "audit_event_name_idx" RENAME TO "audit_event_first_name_idx";
CREATE TABLE "audit_event" (LIKE "audit_event_first" INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE "audit_event" ADD CONSTRAINT "audit_event_pkey" PRIMARY KEY (id);
CREATE INDEX "audit_event_alarm_idx" ON "audit_event" ("fabricId", "objectId", id DESC)
  WHERE action IN ('secret.alarm', 'secret.alarm.acknowledge');
CREATE INDEX "audit_event_fabric_idx" ON "audit_event" ("fabricId", id COLLATE "C");
CREATE INDEX "audit_event_event_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || action, 0)), id COLLATE "C");
CREATE INDEX "audit_event_actor_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "actorId" || ' ' || action, 0)), id COLLATE "C");
CREATE INDEX "audit_event_object_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "objectId" || ' ' || action, 0)), id COLLATE "C");
CREATE INDEX "audit_event_actor_object_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "objectId" || ' ' || "actorId" || ' ' || action, 0)), id COLLATE "C");
CREATE INDEX "audit_event_unsaved_idx" ON "audit_event" ((hashtextextended("fabricId" || ' ' || "objectName" || ' ' || action, 0)), id COLLATE "C")
  WHERE "objectId" = '';
CREATE INDEX "audit_event_account_idx" ON "audit_event" ("objectId", id COLLATE "C")
  WHERE "fabricId" IS NULL;
CREATE INDEX "audit_event_team_idx" ON "audit_event" ("teamId", id COLLATE "C")
  WHERE action IN ('fabric.create', 'fabric.delete', 'fabric.restore', 'fabric.destroy', 'team.join', 'team.leave', 'team.remove', 'team.role');
CREATE INDEX "audit_event_name_idx" ON "audit_event" USING GIN ("fabricId" text_ops, lower("objectName") gin_trgm_ops)
  WHERE action IN ('secret.create', 'secret.rename', 'secret.delete', 'connection.create', 'connection.update', 'connection.delete',
    'token.create', 'token.revoke', 'issuer.create', 'issuer.delete');
DO $$
DECLARE
  statement text;
BEGIN
  EXECUTE format('ALTER TABLE audit_event ATTACH PARTITION audit_event_first FOR VALUES FROM (MINVALUE) TO (%L)',
    (SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''') FROM pg_constraint
     WHERE conrelid = 'audit_event_first'::regclass AND conname = 'audit_event_first_check'));
  ALTER TABLE audit_event_first DROP CONSTRAINT audit_event_first_check;
  ALTER TABLE audit_event ATTACH PARTITION audit_event_default DEFAULT;
  -- The programs that run meanwhile keep their rights.
  FOR statement IN
    SELECT format('GRANT %s ON audit_event TO %s', a.privilege_type, a.grantee::regrole)
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = 'audit_event_first'::regclass AND a.grantee NOT IN (0, c.relowner)
    UNION ALL
    SELECT format('GRANT %s (%I) ON audit_event TO %s', a.privilege_type, t.attname, a.grantee::regrole)
    FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = 'audit_event_first'::regclass AND a.grantee <> 0
  LOOP
    EXECUTE statement;
  END LOOP;
  -- Programs of earlier versions, which may still run, look for events by these. New partitions do not have them.
  IF NOT EXISTS (SELECT FROM audit_event_first) THEN
    DROP INDEX "audit_event_first_fabricId_id_idx", "audit_event_first_fabricId_objectId_id_idx";
  END IF;
END $$;
