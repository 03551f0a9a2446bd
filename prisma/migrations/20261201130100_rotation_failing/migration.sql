-- The list of secrets finds the few whose rotation fails. Prisma's schema cannot express a partial index.
DROP INDEX CONCURRENTLY IF EXISTS "password_rotation_failing_idx";
CREATE INDEX CONCURRENTLY "password_rotation_failing_idx" ON "password_rotation"("fabricId") WHERE "failures" > 0;
