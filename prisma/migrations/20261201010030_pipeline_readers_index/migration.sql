-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_reader_readerId_idx";
CREATE INDEX CONCURRENTLY "secret_reader_readerId_idx" ON "secret_reader"("readerId");
