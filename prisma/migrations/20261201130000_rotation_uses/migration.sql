-- The rotations that sign in with a secret.
DROP INDEX CONCURRENTLY IF EXISTS "password_rotation_administratorId_idx";
CREATE INDEX CONCURRENTLY "password_rotation_administratorId_idx" ON "password_rotation"("administratorId");
