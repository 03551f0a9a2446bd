-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_version_fabricId_storedKib_idx";
CREATE INDEX CONCURRENTLY "secret_version_fabricId_storedKib_idx" ON "secret_version"("fabricId", "storedKib");
