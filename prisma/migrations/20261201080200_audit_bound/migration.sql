-- The rows that exist become the first partition of the audit log. It ends with a month that has not begun yet.
-- An id is a UUIDv7, so it begins with its time. Rows with later ids go to the default partition.
LOCK TABLE "audit_event" IN ACCESS EXCLUSIVE MODE;
CREATE TABLE "audit_event_default" (LIKE "audit_event" INCLUDING DEFAULTS);
DO $$
DECLARE
  ends timestamptz := (date_trunc('month', (now() AT TIME ZONE 'UTC') + interval '7 days') + interval '1 month') AT TIME ZONE 'UTC';
  ms text := lpad(to_hex((extract(epoch FROM ends) * 1000)::bigint), 12, '0');
  bound text := substr(ms, 1, 8) || '-' || substr(ms, 9);
BEGIN
  WITH moved AS (DELETE FROM audit_event WHERE id >= bound RETURNING *)
  INSERT INTO audit_event_default SELECT * FROM moved;
  EXECUTE format('ALTER TABLE audit_event ADD CONSTRAINT audit_event_first_check CHECK (id < %L) NOT VALID', bound);
END $$;
