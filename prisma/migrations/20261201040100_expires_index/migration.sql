-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_fabricId_expiresAt_id_idx";
CREATE INDEX CONCURRENTLY "secret_fabricId_expiresAt_id_idx" ON "secret"("fabricId", "expiresAt", id);
