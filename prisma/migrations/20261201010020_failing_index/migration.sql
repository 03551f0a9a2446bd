-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "connection_fabricId_configHash_idx";
CREATE INDEX CONCURRENTLY "connection_fabricId_configHash_idx" ON "connection"("fabricId", "configHash");
