-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_createdById_fabricId_idx";
CREATE INDEX CONCURRENTLY "secret_createdById_fabricId_idx" ON "secret"("createdById", "fabricId");

-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "connection_createdById_fabricId_idx";
CREATE INDEX CONCURRENTLY "connection_createdById_fabricId_idx" ON "connection"("createdById", "fabricId");
