-- Both are trusted: the owner of the database may create them, or an administrator did before.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- CreateIndex
-- What was written lately is read from one end to the other by each search: at most 64 KiB of it, not 4 MiB.
CREATE INDEX "secret_search_idx" ON "secret" USING GIN ("fabricId" text_ops, "nameKey" gin_trgm_ops, "description" gin_trgm_ops)
  WITH (gin_pending_list_limit = 64);
