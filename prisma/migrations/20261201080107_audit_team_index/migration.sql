-- The members and the fabrics of a team that came and went.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_team_idx";
CREATE INDEX CONCURRENTLY "audit_event_team_idx" ON "audit_event" ("teamId", id COLLATE "C")
  WHERE action IN ('fabric.create', 'fabric.delete', 'fabric.restore', 'fabric.destroy', 'team.join', 'team.leave', 'team.remove', 'team.role');
