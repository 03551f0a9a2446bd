-- Finds objects by the names that they have or had. No read of a secret records one of these events.
DROP INDEX CONCURRENTLY IF EXISTS "audit_event_name_idx";
CREATE INDEX CONCURRENTLY "audit_event_name_idx" ON "audit_event" USING GIN ("fabricId" text_ops, lower("objectName") gin_trgm_ops)
  WHERE action IN ('secret.create', 'secret.rename', 'secret.delete', 'connection.create', 'connection.update', 'connection.delete',
    'token.create', 'token.revoke', 'issuer.create', 'issuer.delete');
