-- CreateIndex
DROP INDEX CONCURRENTLY IF EXISTS "secret_reader_fabricId_readerName_idx";
CREATE INDEX CONCURRENTLY "secret_reader_fabricId_readerName_idx" ON "secret_reader"("fabricId", "readerName");
