-- DropIndex
-- Nothing is read by it, and each event paid for it.
DROP INDEX "audit_event_teamId_id_idx";
