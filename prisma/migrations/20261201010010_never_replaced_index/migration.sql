-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_fabricId_isReplaced_nameKey_id_idx";
CREATE INDEX CONCURRENTLY "secret_fabricId_isReplaced_nameKey_id_idx" ON "secret"("fabricId", "isReplaced", "nameKey", "id");
